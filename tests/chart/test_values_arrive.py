"""Each value about AWS, about people's Roles and about monitors stands where it has its effect."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from helmchart.helm import HOME, Helm, of_kind
from helmchart.values import values

pytestmark = pytest.mark.integration

SECTIONS: Final = ("aws", "rbac.userRoles", "serviceMonitor", "podMonitor")
OBJECT: Final = "cognito-secret-operator"
CLUSTER_NAME: Final = f"{HOME}-{OBJECT}"
CONTAINER: Final = ("spec", "template", "spec", "containers", "operator")
ENV: Final = ("Deployment", OBJECT, *CONTAINER, "env")
MONITORS: Final = {
    "serviceMonitor": ("ServiceMonitor", OBJECT, "spec", "endpoints"),
    "podMonitor": ("PodMonitor", OBJECT, "spec", "podMetricsEndpoints"),
}
ROLE: Final = "arn:aws:iam::111122223333:role/rotator"
CA: Final = "/etc/cognito-secret-operator-ca"
PROXY: Final = "http://proxy.example.test:3128"
NEVER_PROXIED: Final = "169.254.170.23,[fd00:ec2::23],localhost,127.0.0.1,.svc,.cluster.local"
AGGREGATE: Final = ("metadata", "labels")
TO: Final = "rbac.authorization.k8s.io/aggregate-to"

Place = tuple[str | int, ...]
"""Kind, name of the object, and the way into it; a text finds the item of a list by its name."""

Row = tuple[dict[str, Any], Place, Any]
"""Values by their dotted names, a place, and what is expected there; None: nothing."""


def key_of(name: str, **more: bool) -> dict[str, Any]:
    return {"secretKeyRef": {"name": "keys", "key": name, **more}}


AWS: Final[list[Row]] = [
    (
        {"aws.roleArn": ROLE},
        ("ServiceAccount", OBJECT, "metadata", "annotations", "eks.amazonaws.com/role-arn"),
        ROLE,
    ),
    *(
        ({"aws.credentialsSecret": "keys"}, (*ENV, name, "valueFrom"), source)
        for name, source in (
            ("AWS_ACCESS_KEY_ID", key_of("AWS_ACCESS_KEY_ID")),
            ("AWS_SECRET_ACCESS_KEY", key_of("AWS_SECRET_ACCESS_KEY")),
            ("AWS_SESSION_TOKEN", key_of("AWS_SESSION_TOKEN", optional=True)),
        )
    ),
    *(
        ({name: given}, (*ENV, variable, "value"), expected)
        for name, given, variable, expected in (
            *(
                (f"aws.{key}", "https://a.test", f"AWS_ENDPOINT_URL_{service}", "https://a.test")
                for key, service in (
                    ("cognitoEndpointUrl", "COGNITO_IDENTITY_PROVIDER"),
                    ("stsEndpointUrl", "STS"),
                )
            ),
            ("aws.useFipsEndpoint", True, "AWS_USE_FIPS_ENDPOINT", "true"),
            ("aws.useDualstackEndpoint", True, "AWS_USE_DUALSTACK_ENDPOINT", "true"),
            ("aws.trustedCa.configMap", "ca", "AWS_CA_BUNDLE", f"{CA}/ca.crt"),
            ("aws.trustedCa.configMap", "ca", "SSL_CERT_FILE", f"{CA}/ca.crt"),
            ("aws.proxy.url", PROXY, "HTTPS_PROXY", PROXY),
            ("aws.proxy.url", PROXY, "HTTP_PROXY", PROXY),
            ("aws.proxy.url", PROXY, "NO_PROXY", NEVER_PROXIED),
        )
    ),
    (
        {"aws.trustedCa.configMap": "ca", "aws.trustedCa.key": "root.pem"},
        (*ENV, "AWS_CA_BUNDLE", "value"),
        f"{CA}/root.pem",
    ),
    (
        {"aws.trustedCa.configMap": "ca"},
        ("Deployment", OBJECT, *CONTAINER, "volumeMounts", "trusted-ca", "mountPath"),
        CA,
    ),
    (
        {"aws.trustedCa.configMap": "ca"},
        ("Deployment", OBJECT, *CONTAINER[:3], "volumes", "trusted-ca", "configMap"),
        {"name": "ca"},
    ),
    (
        {"aws.proxy.url": PROXY, "aws.proxy.noProxy": ["vault.example.test"]},
        (*ENV, "NO_PROXY", "value"),
        f"{NEVER_PROXIED},vault.example.test",
    ),
]

READ: Final = ["get", "list", "watch"]
WRITE: Final = ["create", "delete", "deletecollection", "patch", "update"]


def rules(verbs: list[str]) -> list[dict[str, Any]]:
    group = ["cognito-secrets.dev"]
    return [
        {"apiGroups": group, "resources": ["cognitoclientsecrets"], "verbs": verbs},
        {"apiGroups": group, "resources": ["cognitoclientsecrets/status"], "verbs": ["get"]},
    ]


VIEW: Final = ("ClusterRole", f"{CLUSTER_NAME}-view")
EDIT: Final = ("ClusterRole", f"{CLUSTER_NAME}-edit")
ROLES: Final[list[Row]] = [
    ({"rbac.userRoles.create": True}, (*VIEW, "rules"), rules(READ)),
    ({"rbac.userRoles.create": True}, (*EDIT, "rules"), rules([*READ, *WRITE])),
    ({"rbac.userRoles.create": False}, VIEW, None),
    ({"rbac.userRoles.create": False}, EDIT, None),
    *(
        ({f"rbac.userRoles.aggregateTo{to}": wish}, (*role, *AGGREGATE, f"{TO}-{to.lower()}"), told)
        for to, role in (("View", VIEW), ("Edit", EDIT), ("Admin", EDIT))
        for wish, told in ((True, "true"), (False, None))
    ),
]


def monitor_rows(field: str) -> Iterator[Row]:
    """Yield the rows of one monitor; those of an endpoint are in its only item."""
    at = MONITORS[field]
    on = {f"{field}.enabled": True, f"{field}.renderMode": "Always"}
    relabel = [{"action": "labeldrop", "regex": "pod"}]
    yield {f"{field}.enabled": False, f"{field}.renderMode": "Always"}, at[:2], None
    yield {f"{field}.enabled": True, f"{field}.renderMode": "Skip"}, at[:2], None
    yield on, (*at, 0), {"port": "http", "path": "/metrics", "honorLabels": True}
    yield on, (*at[:2], "spec", "jobLabel"), "app.kubernetes.io/instance"
    yield on, (*at[:2], "metadata", "namespace"), HOME
    yield (
        {**on, f"{field}.labels": {"release": "x"}},
        (*at[:2], "metadata", "labels", "release"),
        "x",
    )
    for key, given, place in (
        ("namespace", "monitoring", ("metadata", "namespace")),
        ("annotations", {"a": "b"}, ("metadata", "annotations")),
        ("sampleLimit", 50000, ("spec", "sampleLimit")),
    ):
        yield {**on, f"{field}.{key}": given}, (*at[:2], *place), given
    for key, told in (
        ("interval", "30s"),
        ("scrapeTimeout", "10s"),
        ("honorLabels", False),
        ("relabelings", relabel),
        ("metricRelabelings", relabel),
    ):
        yield {**on, f"{field}.{key}": told}, (*at, 0, key), told


ROWS: Final = [*AWS, *ROLES, *(row for field in MONITORS for row in monitor_rows(field))]


def nested(given: dict[str, Any]) -> dict[str, Any]:
    """Write values by their dotted names as a file of values has them."""
    made: dict[str, Any] = {}
    for name, value in given.items():
        *sections, last = name.split(".")
        part = made
        for section in sections:
            part = part.setdefault(section, {})
        part[last] = value
    return made


def found_at(documents: list[dict[str, Any]], place: Place) -> Any:  # noqa: ANN401  # whatever
    """Give what is at a place; None where there is nothing."""
    kind, name, *way = place
    part: Any = of_kind(documents, str(kind))
    for step in (name, *way):
        if isinstance(step, int):
            part = part[step]
        elif isinstance(part, list):
            part = {one.get("name") or one["metadata"]["name"]: one for one in part}.get(step)
        else:
            part = part.get(step)
        if part is None:
            return None
    return part


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{'+'.join(row[0])} {row[1][-1]}")
def test_a_value_stands_where_it_has_its_effect(row: Row, helm: Helm) -> None:
    given, place, expected = row
    assert found_at(helm.render(nested(given)), place) == expected


def test_every_value_of_these_sections_has_a_row() -> None:
    tried = {name for given, _, _ in ROWS for name in given}
    known = {
        one.name
        for one in values()
        if not one.is_section and one.name.startswith(tuple(f"{some}." for some in SECTIONS))
    }
    assert known == tried


def test_with_named_namespaces_peoples_roles_are_there_and_added_to_nothing(helm: Helm) -> None:
    documents = helm.render({"watch": {"namespaces": ["shop"]}, "allowList": {"enabled": False}})
    for word, verbs in (("view", READ), ("edit", [*READ, *WRITE])):
        [role] = [
            one
            for one in of_kind(documents, "Role")
            if one["metadata"]["name"] == f"{CLUSTER_NAME}-{word}"
        ]
        assert (role["metadata"]["namespace"], role["rules"]) == ("shop", rules(verbs))
        assert [name for name in role["metadata"]["labels"] if name.startswith(TO)] == []


def test_the_pod_of_helm_test_has_the_variables_of_the_process(helm: Helm) -> None:
    given = nested({"aws.credentialsSecret": "keys", "aws.proxy.url": PROXY})
    documents = helm.render(given)
    [pod] = of_kind(documents, "Pod")
    ours = found_at(documents, ENV)
    assert pod["spec"]["containers"][0]["env"] == ours
