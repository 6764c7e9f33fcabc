"""What holds for every render, whatever the values."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator.selftest.rights import LEASE_RIGHTS, NEEDED, SECRET_RIGHTS
from cognito_secret_operator.settings import VARIABLES

from helmchart import REPOSITORY
from helmchart.helm import HOME, Helm, container, of_kind, variables

pytestmark = pytest.mark.integration

MATRIX: Final = sorted((Path(__file__).parent / "matrix").glob("*.yaml"))
MONITORING: Final = ("monitoring.coreos.com/v1",)
OUR_CONTAINERS: Final = {"operator", "selftest"}
BY_OTHER_MEANS: Final = {
    "CSO_KUBECONFIG": "a pod uses its own account; extraEnv names a file of extraVolumes",
    "CSO_REVISION": "the image sets it",
    "CSO_PORT_FILE": "the port is the value port; extraEnv names a file",
}
"""Variables that no value sets: extraEnv does."""

Documents = list[dict[str, Any]]


@pytest.fixture(scope="module", params=MATRIX, ids=lambda path: path.stem)
def render(request: pytest.FixtureRequest, helm: Helm) -> tuple[dict[str, Any], Documents]:
    """Gives one set of values and its render."""
    values = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return values, helm.render(values, api_versions=MONITORING)


def containers(documents: Documents) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield our containers with their pods' specs."""
    for one in of_kind(documents, "Deployment", "Pod"):
        spec = one["spec"]["template"]["spec"] if one["kind"] == "Deployment" else one["spec"]
        for found in spec["containers"]:
            if found["name"] in OUR_CONTAINERS:
                yield spec, found


def operators_rules(documents: Documents) -> Iterator[dict[str, Any]]:
    """Yield the rules of Roles that are bound."""
    bound = {one["roleRef"]["name"] for one in of_kind(documents, "RoleBinding")}
    bound |= {one["roleRef"]["name"] for one in of_kind(documents, "ClusterRoleBinding")}
    for role in of_kind(documents, "Role", "ClusterRole"):
        if role["metadata"]["name"] in bound:
            yield from role["rules"]


def test_containers_are_locked_down_and_bounded(
    render: tuple[dict[str, Any], Documents],
) -> None:
    for spec, one in containers(render[1]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= one["resources"]["requests"].keys()
        assert "memory" in one["resources"]["limits"]
        assert ":latest" not in one["image"]
        assert "@sha256:" in one["image"] or ":" in one["image"].rpartition("/")[2]


def test_the_operator_has_all_probes(render: tuple[dict[str, Any], Documents]) -> None:
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container(render[1]).keys()


def test_an_account_of_ours_hands_out_no_tokens_by_itself(
    render: tuple[dict[str, Any], Documents],
) -> None:
    for account in of_kind(render[1], "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_rules_grant_what_the_operator_needs_and_nothing_else(
    render: tuple[dict[str, Any], Documents],
) -> None:
    values, documents = render
    extra = [tuple(one["resources"]) for one in values.get("rbac", {}).get("extraRules", ())]
    needed = {
        (right.group, right.resource, right.verb)
        for right in (*NEEDED, *SECRET_RIGHTS, *LEASE_RIGHTS)
    }
    granted = {
        (group, resource, verb)
        for rule in operators_rules(documents)
        if tuple(rule["resources"]) not in extra
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    if values.get("rbac", {}).get("create") is False:
        assert granted == set()
        return
    if values.get("lease", {}).get("enabled") is False:
        needed = {one for one in needed if one[1] != "leases"}
    assert granted == needed


def test_a_lease_is_granted_by_name(render: tuple[dict[str, Any], Documents]) -> None:
    rules = [one for one in operators_rules(render[1]) if one["resources"] == ["leases"]]
    name = variables(render[1]).get("CSO_LEASE_NAME")
    for rule in rules:
        assert rule.get("resourceNames") == [name] or rule["verbs"] == ["create"]


@pytest.mark.parametrize("mode", ["namespaced", "strict"])
def test_with_named_namespaces_nothing_is_cluster_scoped_but_the_resource_type(
    mode: str, helm: Helm
) -> None:
    [file] = [one for one in MATRIX if one.stem == mode]
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    documents = helm.render(values)
    wide = {one["kind"] for one in documents if "namespace" not in one["metadata"]}
    assert wide == {"CustomResourceDefinition"}
    without = helm.render({**values, "crds": {"enabled": False}})
    assert [one for one in without if "namespace" not in one["metadata"]] == []
    granted = {one["metadata"]["namespace"] for one in of_kind(documents, "Role")}
    assert granted == {HOME, *values["watch"]["namespaces"]}


def test_in_strict_mode_every_secret_is_granted_by_name(helm: Helm) -> None:
    [file] = [one for one in MATRIX if one.stem == "strict"]
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    granted = {
        role["metadata"]["namespace"]: rule["resourceNames"]
        for role in of_kind(helm.render(values), "Role")
        for rule in role["rules"]
        if rule["resources"] == ["secrets"]
    }
    names = values["rbac"]["secretNames"]
    assert granted == {namespace: sorted(some) for namespace, some in names.items()}


def test_the_resource_type_stays_unless_told_otherwise(
    render: tuple[dict[str, Any], Documents],
) -> None:
    values, documents = render
    for crd in of_kind(documents, "CustomResourceDefinition"):
        keeps = crd["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"
        assert keeps is values.get("crds", {}).get("keep", True)


def test_names_are_their_own_and_short_enough(
    render: tuple[dict[str, Any], Documents],
) -> None:
    found = [
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])
        for one in render[1]
    ]
    assert len(found) == len(set(found))
    assert [name for _, _, name in found if len(name) > 63] == []


def test_platform_files_follow_a_change_without_a_restart(
    render: tuple[dict[str, Any], Documents], helm: Helm
) -> None:
    values, documents = render
    if "platformConfigMap" in values:
        assert of_kind(documents, "ConfigMap") == [], "the ConfigMap is the user's"
        return
    rule = {"namespaces": ["other"], "userPools": ["*"]}
    allow = {**values.get("allowList", {}), "rules": [rule]} | {"enabled": True}
    before = helm.render({**values, "allowList": allow}, api_versions=MONITORING)
    frozen = {**values, "freeze": "INC-43", "allowList": {**allow, "rules": [rule, rule]}}
    after = helm.render(frozen, api_versions=MONITORING)
    assert of_kind(before, "Deployment") == of_kind(after, "Deployment")
    assert of_kind(before, "ConfigMap") != of_kind(after, "ConfigMap")
    [mount] = [one for one in container(documents)["volumeMounts"] if one["name"] == "platform"]
    assert "subPath" not in mount


def test_every_variable_has_a_value_with_the_same_default(helm: Helm) -> None:
    rendered = variables(helm.render({}))
    by_value = {name: value for name, value in rendered.items() if name.startswith("CSO_")}
    assert by_value.keys() | BY_OTHER_MEANS.keys() == {one.name for one in VARIABLES}
    assert by_value.keys() & BY_OTHER_MEANS.keys() == set()
    ours = {
        "CSO_ALLOW_FILE": "/etc/cognito-secret-operator/allow.yaml",
        "CSO_FREEZE_FILE": "/etc/cognito-secret-operator/freeze",
        "CSO_LEASE_NAME": "cognito-secret-operator",
        "CSO_LEASE_NAMESPACE": HOME,
    }
    defaults = {one.name: one.default for one in VARIABLES if one.name in by_value}
    assert by_value == {**defaults, **ours}


def test_a_digest_wins_over_the_tag(helm: Helm) -> None:
    digest = f"sha256:{'0' * 64}"
    image = container(helm.render({"image": {"tag": "1", "digest": digest}}))["image"]
    assert image.endswith(f"cognito-secret-operator@{digest}")


def test_openshift_gives_users_and_groups_by_itself(helm: Helm) -> None:
    ours = {"runAsUser", "runAsGroup", "fsGroup"}
    known = ("security.openshift.io/v1",)
    for spec, _ in containers(helm.render({}, api_versions=known)):
        assert not ours & spec["securityContext"].keys()
    for spec, _ in containers(helm.render({})):
        assert ours <= spec["securityContext"].keys()


def test_a_freeze_by_kubectl_is_not_lifted_by_an_upgrade(helm: Helm) -> None:
    # A key that was never rendered is left alone by Helm, in either of its ways to apply.
    [config] = of_kind(helm.render({}), "ConfigMap")
    assert "freeze" not in config["data"]
    for given, written in (("INC-42", "INC-42"), (True, "true"), (False, "false")):
        [config] = of_kind(helm.render({"freeze": given}), "ConfigMap")
        assert config["data"]["freeze"] == written


def test_the_network_policy_allows_what_is_needed(helm: Helm) -> None:
    [policy] = of_kind(helm.render({"networkPolicy": {"enabled": True}}), "NetworkPolicy")
    anywhere = {
        port["port"]
        for rule in policy["spec"]["egress"]
        if "to" not in rule
        for port in rule["ports"]
    }
    assert {53, 443, 6443} <= anywhere
    blocks = [
        (peer["ipBlock"]["cidr"], rule["ports"])
        for rule in policy["spec"]["egress"]
        for peer in rule.get("to", ())
    ]
    agent = [{"protocol": "TCP", "port": 80}]
    assert blocks == [("169.254.170.23/32", agent), ("fd00:ec2::23/128", agent)]
    [rule] = policy["spec"]["ingress"]
    assert rule == {"ports": [{"protocol": "TCP", "port": "http"}]}


def test_the_ports_of_a_proxy_and_of_other_endpoints_are_open(helm: Helm) -> None:
    aws = {
        "proxy": {"url": "http://proxy.example.test:3128"},
        "cognitoEndpointUrl": "https://cognito.example.test:8443",
        "stsEndpointUrl": "http://sts.example.test",
    }
    values = {"aws": aws, "networkPolicy": {"enabled": True}}
    [policy] = of_kind(helm.render(values), "NetworkPolicy")
    ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert {443, 3128, 8443, 80} <= ports


def test_the_examples_of_access_have_the_rules_of_the_chart(helm: Helm) -> None:
    folder = REPOSITORY / "examples" / "access"
    watch: dict[str, Any] = {"watch": {"namespaces": ["shop"]}}
    for file, given, kind in (
        ("namespaced.yaml", watch, "Role"),
        ("cluster-wide.yaml", {}, "ClusterRole"),
        ("lease.yaml", {}, "Role"),
    ):
        documents = yaml.safe_load_all((folder / file).read_text(encoding="utf-8"))
        [example] = [one["rules"] for one in documents if one["kind"] == kind]
        rendered = [one["rules"] for one in helm.render(given) if one["kind"] == kind]
        assert example in rendered, file


def namespace_rule(documents: Documents) -> str:
    """Give the expression about namespaces of the policy for Secrets."""
    policies = of_kind(documents, "ValidatingAdmissionPolicy")
    [secrets] = [one for one in policies if one["metadata"]["name"].endswith("-secrets")]
    rules = [one["expression"] for one in secrets["spec"]["validations"]]
    return "".join(one for one in rules if "request.namespace" in one)


def test_policies_are_made_for_the_whole_cluster_unless_refused(helm: Helm) -> None:
    named: dict[str, Any] = {"watch": {"namespaces": ["shop"]}}
    for values, is_policed in (
        ({}, True),
        ({"admissionPolicy": {"enabled": False}}, False),
        (named, False),
        ({**named, "admissionPolicy": {"enabled": True}}, True),
    ):
        assert bool(of_kind(helm.render(values), "ValidatingAdmissionPolicy")) is is_policed, values


def test_policies_hold_the_account_in_the_namespaces_that_are_served(helm: Helm) -> None:
    rules = [
        {"namespaces": ["team-*", "shop"], "userPools": ["*"]},
        {"namespaces": ["shop"], "userPools": ["*"]},
    ]
    listed = {"allowList": {"rules": rules}}
    foreign = f"!(request.namespace in ['kube-system', '{HOME}'])"
    matches = "request.namespace.matches('^(shop|team-.*)$')"
    assert namespace_rule(helm.render(listed)) == f"{matches} && {foreign}"
    own = {**listed, "admissionPolicy": {"enabled": True}, "watch": {"namespaces": [HOME]}}
    only = f"request.namespace in ['{HOME}']"
    rest = "!(request.namespace in ['kube-system'])"
    assert namespace_rule(helm.render(own)) == f"{only} && {matches} && {rest}"
    assert namespace_rule(helm.render({"platformConfigMap": "mine"})) == foreign


@pytest.mark.parametrize("freeze", [None, ""])
def test_a_freeze_that_says_nothing_freezes_nothing(freeze: str | None, helm: Helm) -> None:
    [config] = of_kind(helm.render({"freeze": freeze}), "ConfigMap")
    assert config["data"].keys() == {"allow.yaml"}
    assert helm.render({"freeze": freeze, "platformConfigMap": "mine"})


@pytest.mark.parametrize("name", ["123", "1e3", "orders.v2"])
def test_names_of_digits_and_with_dots_stay_texts(name: str, helm: Helm) -> None:
    given = {"networkPolicy": {"enabled": True}, "podMonitor": {"enabled": True}}
    for values in (given, {**given, "fullnameOverride": "123"}):
        namespace = name.replace(".", "-")
        documents = helm.render(values, release=name, namespace=namespace, api_versions=MONITORING)
        assert {one["metadata"].get("namespace", namespace) for one in documents} == {namespace}
        for one in documents:
            if one["kind"] not in {"CustomResourceDefinition", "ClusterRole"}:
                assert "." not in one["metadata"]["name"]
            assert one["metadata"]["labels"]["app.kubernetes.io/instance"] == name
        assert all(isinstance(one, str) for one in variables(documents).values())


def test_without_rbac_there_are_no_roles_at_all(helm: Helm) -> None:
    kinds = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
    assert of_kind(helm.render({"rbac": {"create": False}}), *kinds) == []
    assert of_kind(helm.render({}), *kinds) != []


def test_the_self_test_has_the_files_that_its_variables_name(helm: Helm) -> None:
    values = {
        "aws": {"trustedCa": {"configMap": "corporate-ca"}},
        "extraVolumes": [{"name": "scratch", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
    }
    [pod] = of_kind(helm.render(values), "Pod")
    [one] = pod["spec"]["containers"]
    assert [mount["name"] for mount in one["volumeMounts"]] == ["trusted-ca", "scratch"]
    assert [volume["name"] for volume in pod["spec"]["volumes"]] == ["trusted-ca", "scratch"]


def test_a_spread_with_a_selector_of_its_own_keeps_it(helm: Helm) -> None:
    own = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
    chosen = {**own, "labelSelector": {"matchLabels": {"a": "b"}}}
    [deployment] = of_kind(helm.render({"topologySpreadConstraints": [chosen, own]}), "Deployment")
    kept, ours = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert kept == chosen
    assert ours == {**own, "labelSelector": deployment["spec"]["selector"]}


def test_dns_is_open_where_the_pods_of_openshift_listen_too(helm: Helm) -> None:
    [policy] = of_kind(helm.render({"networkPolicy": {"enabled": True}}), "NetworkPolicy")
    ports = [(one["protocol"], one["port"]) for one in policy["spec"]["egress"][0]["ports"]]
    assert ports == [("UDP", 53), ("TCP", 53), ("UDP", 5353), ("TCP", 5353)]
