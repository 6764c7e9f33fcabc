"""Values that contradict each other end the rendering with the field and the remedy."""

from typing import Any

import pytest

from helmchart.helm import Helm, HelmError

pytestmark = pytest.mark.integration

STRICT = {"shop": ["orders-api", "orders-api-cognito-journal"]}

CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "alerts twice": (
        {
            "prometheusRule": {"enabled": True, "renderMode": "Always"},
            "grafana": {"alerts": {"enabled": True}},
        },
        "grafana.alerts.enabled: with the PrometheusRule each alert would come twice",
    ),
    "a dollar that Grafana would take for its own": (
        {"grafana": {"alerts": {"enabled": True}}, "alerts": {"labels": {"team": "$TEAM"}}},
        "alerts.labels.team: Grafana would replace what follows the $",
    ),
    "replicas without the Lease": (
        {"lease": {"enabled": False}},
        "replicaCount: several replicas take turns by the Lease: set lease.enabled=true",
    ),
    "a budget with both bounds": (
        {"podDisruptionBudget": {"minAvailable": 1}},
        "podDisruptionBudget: set one of minAvailable and maxUnavailable",
    ),
    "a budget with no bound": (
        {"podDisruptionBudget": {"maxUnavailable": None}},
        "podDisruptionBudget: set one of minAvailable and maxUnavailable",
    ),
    "the whole cluster without an allow-list": (
        {"allowList": {"enabled": False}},
        "allowList.enabled: an operator for the whole cluster serves nobody without",
    ),
    "rules that nobody reads": (
        {
            "watch": {"namespaces": ["shop"]},
            "allowList": {
                "enabled": False,
                "rules": [{"namespaces": ["shop"], "userPools": ["*"]}],
            },
        },
        "allowList.rules: they would not be used: set allowList.enabled=true",
    ),
    "rules beside a ConfigMap of one's own": (
        {
            "platformConfigMap": "orders",
            "allowList": {"rules": [{"namespaces": ["shop"], "userPools": ["*"]}]},
        },
        "platformConfigMap: the allow-list is read from your ConfigMap's key allow.yaml",
    ),
    "a freeze beside a ConfigMap of one's own": (
        {"platformConfigMap": "orders", "freeze": "INC-42"},
        "platformConfigMap: the freeze switch is your ConfigMap's key freeze",
    ),
    "rights for every pod's account": (
        {"serviceAccount": {"create": False}},
        "serviceAccount.name: name your ServiceAccount",
    ),
    "aggregation of Roles": (
        {"watch": {"namespaces": ["shop"]}, "rbac": {"userRoles": {"aggregateToEdit": True}}},
        "rbac.userRoles: a Role in a namespace cannot be added to edit or admin",
    ),
    "Deny and Warn": (
        {"admissionPolicy": {"validationActions": ["Deny", "Warn"]}},
        "admissionPolicy.validationActions: Kubernetes does not take Deny and Warn together",
    ),
    "names without Roles": (
        {
            "watch": {"namespaces": ["shop"]},
            "rbac": {"create": False, "secretNames": STRICT},
        },
        "rbac.secretNames: no Role is created that could use it",
    ),
    "names for the whole cluster": (
        {"rbac": {"secretNames": STRICT}},
        "rbac.secretNames: names are granted namespace by namespace",
    ),
    "names in a namespace that is not served": (
        {"watch": {"namespaces": ["bank"]}, "rbac": {"secretNames": STRICT}},
        "rbac.secretNames.shop: the namespace is not served: add it to watch.namespaces",
    ),
    "a served namespace without names": (
        {"watch": {"namespaces": ["shop", "bank"]}, "rbac": {"secretNames": STRICT}},
        "rbac.secretNames: namespace bank of watch.namespaces is missing",
    ),
    "names without a journal": (
        {"watch": {"namespaces": ["shop"]}, "rbac": {"secretNames": {"shop": ["orders-api"]}}},
        "rbac.secretNames.shop: no journal is among the names",
    ),
    "a role and keys": (
        {"aws": {"roleArn": "arn:aws:iam::111122223333:role/x", "credentialsSecret": "keys"}},
        "aws.credentialsSecret: keys from a Secret win over the role of aws.roleArn",
    ),
    "a role for an account that is not made here": (
        {
            "aws": {"roleArn": "arn:aws:iam::111122223333:role/x"},
            "serviceAccount": {"create": False, "name": "mine"},
        },
        "aws.roleArn: it is an annotation of the ServiceAccount, which is not created here",
    ),
    "a way around no proxy": (
        {"aws": {"proxy": {"noProxy": ["example.test"]}}},
        "aws.proxy.noProxy: there is no proxy to go around",
    ),
    "a first wait above the longest": (
        {"timing": {"pollMinSeconds": 61}},
        "timing.pollMinSeconds: it must not be above timing.pollMaxSeconds",
    ),
    "an answer that outranks for less than the lag": (
        {"timing": {"answerOutranksSeconds": 10}},
        "timing.answerOutranksSeconds: it must not be below timing.listLagSeconds",
    ),
    "a variable that the chart sets": (
        {"extraEnv": [{"name": "CSO_WORKERS", "value": "3"}]},
        "extraEnv: the chart sets CSO_WORKERS itself: use its value",
    ),
    "both monitors": (
        {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}},
        "podMonitor.enabled: with the ServiceMonitor everything would be scraped twice",
    ),
    "a ServiceMonitor without a Service": (
        {"serviceMonitor": {"enabled": True}, "service": {"create": False}},
        "serviceMonitor.enabled: it needs the Service",
    ),
    "a ServiceMonitor that the cluster does not know": (
        {"serviceMonitor": {"enabled": True}},
        "serviceMonitor.enabled: the cluster does not know the kind ServiceMonitor: install",
    ),
    "a PodMonitor that the cluster does not know": (
        {"podMonitor": {"enabled": True}},
        "podMonitor.enabled: the cluster does not know the kind PodMonitor: install",
    ),
    "a digest that is none": ({"image": {"digest": "sha256:abc"}}, "/image/digest"),
    "a misspelt key": ({"watch": {"namespace": ["shop"]}}, "'namespace' not allowed"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_the_rendering_ends_with_the_field_and_the_remedy(case: str, helm: Helm) -> None:
    values, message = CONTRADICTIONS[case]
    with pytest.raises(HelmError) as caught:
        helm.render(values)
    assert message in str(caught.value)


def test_the_defaults_contradict_nothing(helm: Helm) -> None:
    assert helm.render({})
