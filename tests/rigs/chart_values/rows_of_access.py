"""Where the values about access and the network have their effect."""

from typing import Any, Final

from .places import CLUSTER_NAME, OBJECT, POD, Row, in_one_render, same, with_values
from helmchart.helm import HOME

READ: Final = ["get", "list", "watch"]
WRITE: Final = ["create", "delete", "deletecollection", "patch", "update"]
TO: Final = "rbac.authorization.k8s.io/aggregate-to"
VIEW: Final = ("ClusterRole", f"{CLUSTER_NAME}-view")
EDIT: Final = ("ClusterRole", f"{CLUSTER_NAME}-edit")


def rules(verbs: list[str]) -> list[dict[str, Any]]:
    """Write the rules of a Role for people."""
    group = ["cognito-secrets.dev"]
    return [
        {"apiGroups": group, "resources": ["cognitoclientsecrets"], "verbs": verbs},
        {"apiGroups": group, "resources": ["cognitoclientsecrets/status"], "verbs": ["get"]},
    ]


USER_ROLES: Final[list[Row]] = [
    Row("rbac.userRoles.create", True, (*VIEW, "rules"), rules(READ)),
    Row("rbac.userRoles.create", True, (*EDIT, "rules"), rules([*READ, *WRITE])),
    Row("rbac.userRoles.create", False, VIEW, None),
    Row("rbac.userRoles.create", False, EDIT, None),
    *(
        Row(
            f"rbac.userRoles.aggregateTo{to}",
            wish,
            (*role, "metadata", "labels", f"{TO}-{to.lower()}"),
            told,
        )
        for to, role in (("View", VIEW), ("Edit", EDIT), ("Admin", EDIT))
        for wish, told in ((True, "true"), (False, None))
    ),
]

SHOP: Final = {"watch.namespaces": ["shop"]}
NAMES: Final = ["orders-api", "orders-api-cognito-journal"]
ROLLOUTS: Final = {"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["get"]}
ACCOUNT: Final = ("ServiceAccount", OBJECT)
SUBJECT: Final = ("ClusterRoleBinding", CLUSTER_NAME, "subjects", 0, "name")
POLICY: Final = "ValidatingAdmissionPolicy"
BINDING: Final = "ValidatingAdmissionPolicyBinding"
POLICIES: Final = [f"{CLUSTER_NAME}-{word}" for word in ("secrets", "stamps")]

ACCESS: Final[list[Row]] = [
    *in_one_render(
        [
            Row("serviceAccount.name", "mine", (*ACCOUNT[:1], "mine", "metadata", "name"), "mine"),
            Row("serviceAccount.name", "mine", (*POD, "serviceAccountName"), "mine"),
            Row("serviceAccount.name", "mine", SUBJECT, "mine"),
            *(
                same(
                    "admissionPolicy.failurePolicy", "Ignore", POLICY, one, "spec", "failurePolicy"
                )
                for one in POLICIES
            ),
            *(
                same(
                    *("admissionPolicy.validationActions", ["Warn", "Audit"]),
                    *(BINDING, one, "spec", "validationActions"),
                )
                for one in POLICIES
            ),
            Row(
                "rbac.extraRules", [ROLLOUTS], ("ClusterRole", CLUSTER_NAME, "rules", -1), ROLLOUTS
            ),
        ]
    ),
    same("serviceAccount.annotations", {"a": "b"}, *ACCOUNT, "metadata", "annotations"),
    Row("serviceAccount.labels", {"a": "b"}, (*ACCOUNT, "metadata", "labels", "a"), "b"),
    *with_values(
        {"serviceAccount.name": "mine"},
        [
            Row("serviceAccount.create", False, ("ServiceAccount", "mine"), None),
            Row("serviceAccount.create", False, (*POD, "serviceAccountName"), "mine"),
        ],
    ),
    Row("watch.namespaces", ["shop"], ("Role", CLUSTER_NAME, "metadata", "namespace"), "shop"),
    Row("watch.namespaces", ["shop"], ("ClusterRole", CLUSTER_NAME), None),
    *(
        Row("rbac.create", False, (kind, name), None)
        for kind, name in (
            ("ClusterRole", CLUSTER_NAME),
            ("ClusterRoleBinding", CLUSTER_NAME),
            ("Role", f"{OBJECT}-lease"),
            VIEW,
        )
    ),
    Row(
        "rbac.secretNames",
        {"shop": NAMES},
        ("Role", CLUSTER_NAME, "rules", 2),
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": NAMES,
            "verbs": ["get", "create", "patch", "update"],
        },
        SHOP,
    ),
    *(
        Row("admissionPolicy.enabled", wish, (kind, name, "metadata", "name"), told, beside)
        for kind in (POLICY, BINDING)
        for name in POLICIES
        for wish, told, beside in ((True, name, SHOP), (False, None, {}), (None, name, {}))
    ),
]

SERVICE: Final = ("Service", OBJECT)
NETWORK_POLICY: Final = ("NetworkPolicy", OBJECT)
INGRESS: Final = (*NETWORK_POLICY, "spec", "ingress")
EGRESS: Final = (*NETWORK_POLICY, "spec", "egress")
ON: Final = {"networkPolicy.enabled": True}


def to(address: str) -> dict[str, Any]:
    """Write a peer."""
    return {"ipBlock": {"cidr": address}}


def ports(*some: tuple[str, int]) -> list[dict[str, Any]]:
    """Write the ports of a rule."""
    return [{"protocol": protocol, "port": port} for protocol, port in some]


NETWORK: Final[list[Row]] = [
    *in_one_render(
        [
            same("service.annotations", {"a": "b"}, *SERVICE, "metadata", "annotations"),
            Row("service.labels", {"a": "b"}, (*SERVICE, "metadata", "labels", "a"), "b"),
            same("service.ipFamilyPolicy", "PreferDualStack", *SERVICE, "spec", "ipFamilyPolicy"),
            Row("networkPolicy.enabled", True, (*NETWORK_POLICY, "metadata", "namespace"), HOME),
            Row(
                *("networkPolicy.metricsFrom", [to("10.1.0.0/16")]),
                (*INGRESS, 0, "from", 0),
                to("10.1.0.0/16"),
            ),
            same("networkPolicy.dnsTo", [to("10.2.0.0/16")], *EGRESS, 0, "to"),
            Row(
                *("networkPolicy.dnsPorts", [1053]),
                (*EGRESS, 0, "ports"),
                ports(("UDP", 1053), ("TCP", 1053)),
            ),
            Row(
                "networkPolicy.apiServerPorts", [8443], (*EGRESS, 1, "ports"), ports(("TCP", 8443))
            ),
            same("networkPolicy.apiServerTo", [to("10.3.0.0/16")], *EGRESS, 1, "to"),
            same("networkPolicy.awsTo", [to("10.4.0.0/16")], *EGRESS, 2, "to"),
            Row(
                *("networkPolicy.extraIngress", [{"from": [to("10.5.0.0/16")]}]),
                (*INGRESS, -1),
                {"from": [to("10.5.0.0/16")]},
            ),
            Row(
                *("networkPolicy.extraEgress", [{"to": [to("10.6.0.0/16")]}]),
                (*EGRESS, -1),
                {"to": [to("10.6.0.0/16")]},
            ),
        ]
    ),
    Row("service.create", False, SERVICE, None),
    Row("networkPolicy.enabled", False, NETWORK_POLICY, None),
    Row("networkPolicy.podIdentity", False, (*EGRESS, 3), None, ON),
    Row("networkPolicy.podIdentity", True, (*EGRESS, 3, "ports"), ports(("TCP", 80)), ON),
]
