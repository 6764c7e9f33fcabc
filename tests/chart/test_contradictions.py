"""Values that contradict each other end the rendering with the field and the remedy."""

import re
from typing import Any

import pytest
import yaml

from helmchart.helm import Helm, HelmError
from helmchart.made import takes_null
from helmchart.values import Value, schema, values

pytestmark = pytest.mark.integration

STRICT = {"shop": ["orders-api", "orders-api-cognito-journal"]}

CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "alerts twice": (
        {
            "prometheusRule": {"enabled": True, "renderMode": "Always"},
            "grafana": {"alerts": {"enabled": True}},
        },
        "grafana.alerts.enabled: with the PrometheusRule, each alert would be sent twice",
    ),
    "a dollar that Grafana would take for its own": (
        {"grafana": {"alerts": {"enabled": True}}, "alerts": {"labels": {"team": "$TEAM"}}},
        "alerts.labels.team: Grafana would replace the text after $",
    ),
    "replicas without the Lease": (
        {"lease": {"enabled": False}},
        "replicaCount: several replicas need the Lease: set lease.enabled=true",
    ),
    "no turns and an update that lets two run": (
        {"replicaCount": 1, "lease": {"enabled": False}},
        (
            "lease.enabled: without the Lease, two operators would run during each upgrade:"
            " set strategy.type"
        ),
    ),
    "a budget that keeps all pods": (
        {"podDisruptionBudget": {"minAvailable": 2}},
        "podDisruptionBudget.minAvailable: no node could be drained",
    ),
    "a budget that keeps all pods by a share": (
        {"podDisruptionBudget": {"minAvailable": "100%", "maxUnavailable": None}},
        "podDisruptionBudget.minAvailable: no node could be drained",
    ),
    "a budget that lets no pod go": (
        {"podDisruptionBudget": {"maxUnavailable": 0}},
        "podDisruptionBudget.maxUnavailable: no node could be drained",
    ),
    "a budget that lets no pod go by a share": (
        {"podDisruptionBudget": {"maxUnavailable": "0%"}},
        "podDisruptionBudget.maxUnavailable: no node could be drained",
    ),
    "a budget with both bounds": (
        {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}},
        "podDisruptionBudget: set either minAvailable or maxUnavailable",
    ),
    "the whole cluster without an allow-list": (
        {"allowList": {"enabled": False}},
        "allowList.enabled: without an allow-list, an operator for the whole cluster refuses",
    ),
    "rules that nobody reads": (
        {
            "watch": {"namespaces": ["shop"]},
            "allowList": {
                "enabled": False,
                "rules": [{"namespaces": ["shop"], "userPools": ["*"]}],
            },
        },
        "allowList.rules: the rules would not be used: set allowList.enabled=true",
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
        "platformConfigMap: the freeze switch is the key freeze of your ConfigMap",
    ),
    "rights for every pod's account": (
        {"serviceAccount": {"create": False}},
        "serviceAccount.name: set the name of your ServiceAccount",
    ),
    "aggregation of Roles": (
        {"watch": {"namespaces": ["shop"]}, "rbac": {"userRoles": {"aggregateToEdit": True}}},
        "rbac.userRoles: a Role in a namespace cannot be added to edit or admin",
    ),
    "Deny and Warn": (
        {"admissionPolicy": {"validationActions": ["Deny", "Warn"]}},
        "admissionPolicy.validationActions: Kubernetes refuses Deny together with Warn",
    ),
    "names without Roles": (
        {
            "watch": {"namespaces": ["shop"]},
            "rbac": {"create": False, "secretNames": STRICT},
        },
        "rbac.secretNames: no Role is created for these names",
    ),
    "names for the whole cluster": (
        {"rbac": {"secretNames": STRICT}},
        "rbac.secretNames: access by name is granted per namespace",
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
        "rbac.secretNames.shop: the names lack a journal",
    ),
    "names beside a rule for all Secrets": (
        {
            "watch": {"namespaces": ["shop"]},
            "rbac": {
                "secretNames": STRICT,
                "extraRules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
            },
        },
        "rbac.extraRules: a rule for Secrets would undo strict mode",
    ),
    "names beside a rule for everything": (
        {
            "watch": {"namespaces": ["shop"]},
            "rbac": {
                "secretNames": STRICT,
                "extraRules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]}],
            },
        },
        "rbac.extraRules: a rule for Secrets would undo strict mode",
    ),
    "an API server anywhere at the port of AWS": (
        {"networkPolicy": {"enabled": True, "awsTo": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}},
        "networkPolicy.awsTo: port 443 is open to any address for the API server: set",
    ),
    "an API server anywhere at the port of a proxy": (
        {
            "aws": {"proxy": {"url": "http://proxy.example.test:6443"}},
            "networkPolicy": {
                "enabled": True,
                "apiServerPorts": [6443],
                "awsTo": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
            },
        },
        "networkPolicy.awsTo: port 6443 is open to any address for the API server: set",
    ),
    "arguments that the command does not take": ({"extraArgs": ["--x"]}, "'extraArgs' not allowed"),
    "a role and keys": (
        {"aws": {"roleArn": "arn:aws:iam::111122223333:role/x", "credentialsSecret": "keys"}},
        "aws.credentialsSecret: keys from a Secret take precedence over the role of aws.roleArn",
    ),
    "a role for an account that is not made here": (
        {
            "aws": {"roleArn": "arn:aws:iam::111122223333:role/x"},
            "serviceAccount": {"create": False, "name": "mine"},
        },
        "aws.roleArn: the chart annotates only a ServiceAccount that it creates",
    ),
    "a way around no proxy": (
        {"aws": {"proxy": {"noProxy": ["example.test"]}}},
        "aws.proxy.noProxy: no proxy is set: set aws.proxy.url",
    ),
    "a first wait above the longest": (
        {"timing": {"pollMinSeconds": 61}},
        "timing.pollMinSeconds: it must not be above timing.pollMaxSeconds",
    ),
    "an answer that outranks for less than the lag": (
        {"timing": {"listDistrustSeconds": 10}},
        "timing.listDistrustSeconds: it must not be below timing.listLagSeconds",
    ),
    "a variable that the chart sets": (
        {"extraEnv": [{"name": "CSO_WORKERS", "value": "3"}]},
        "extraEnv: the chart sets CSO_WORKERS itself: use the chart's own value",
    ),
    "both monitors": (
        {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}},
        "podMonitor.enabled: with the ServiceMonitor, every pod would be scraped twice",
    ),
    "a ServiceMonitor without a Service": (
        {"serviceMonitor": {"enabled": True}, "service": {"create": False}},
        "serviceMonitor.enabled: a ServiceMonitor needs the Service",
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


def test_an_api_server_at_another_port_may_be_anywhere_beside_aws_at_some_addresses(
    helm: Helm,
) -> None:
    aws = [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    policy = {"enabled": True, "awsTo": aws, "apiServerPorts": [6443]}
    assert helm.render({"networkPolicy": policy})


def without(values: list[Value]) -> dict[str, Any]:
    """Set some values to null."""
    made: dict[str, Any] = {}
    for value in values:
        part = made
        for key in value.path[:-1]:
            part = part.setdefault(key, {})
        part[value.path[-1]] = None
    return made


def schema_of(value: Value) -> dict[str, Any]:
    part = schema()
    for key in value.path:
        part = part["properties"][key]
    return part


def test_null_is_refused_by_name_where_nothing_could_be_rendered_from_it(helm: Helm) -> None:
    leaves = [value for value in values() if not value.is_section]
    refused = [value for value in leaves if not takes_null(schema_of(value))]
    assert len(refused) > len(leaves) / 2
    with pytest.raises(HelmError) as caught:
        helm.render(without(refused))
    said = str(caught.value)
    # One line a section: where it is, and what it lacks.
    for value in refused:
        lines = [line for line in said.splitlines() if f"'{value.path[-1]}'" in line]
        place = "/".join(("", *value.path[:-1]))
        assert any(f"'{place}'" in line for line in lines), (value.name, said)


def test_null_is_taken_for_empty_elsewhere(helm: Helm) -> None:
    leaves = [value for value in values() if not value.is_section]
    taken = [value for value in leaves if takes_null(schema_of(value))]
    assert {value.name for value in taken} >= {"freeze", "hostUsers", "livenessProbe"}
    rendered = yaml.safe_dump(helm.render(without(taken)))
    assert re.search(r"null$", rendered, re.MULTILINE) is None
