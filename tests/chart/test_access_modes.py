"""The installed chart's account can do what the operator needs, and no more, in each mode."""

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from cognito_secret_operator.selftest.rights import LEASE_RIGHTS, NEEDED, SECRET_RIGHTS

from cluster.api import TIMEOUT_SECONDS
from cluster.control_plane import ControlPlane
from harness.release import QUICK, Release
from harness.shop import Kubectl, Shop, application

pytestmark = pytest.mark.integration

Install = Callable[..., Release]
DUE: Final = timedelta(days=91)
NAME: Final = "orders-api"
NAMES: Final = [NAME, f"{NAME}-cognito-journal"]


@pytest.fixture
def install(cluster: ControlPlane) -> Iterator[Install]:
    """Installs the chart into a new namespace that takes restricted pods only."""
    kubectl = Kubectl(cluster)
    installed: list[Release] = []

    def run(**values: Any) -> Release:
        release = Release(cluster, f"cognito-{secrets.token_hex(4)}")
        kubectl("create", "namespace", release.namespace)
        label = "pod-security.kubernetes.io/enforce=restricted"
        kubectl("label", "namespace", release.namespace, label)
        installed.append(release)
        release.install({**QUICK, **values})
        return release

    yield run
    for release in installed:
        release.helm("uninstall", release.name)
        kubectl("delete", "namespace", "--wait=false", release.namespace)


def cluster_wide(shop: Shop) -> dict[str, Any]:
    """Give the values for the whole cluster; the list lets the shop in."""
    return {"allowList": {"rules": [{"namespaces": [shop.namespace], "userPools": ["*"]}]}}


def namespaced(shop: Shop) -> dict[str, Any]:
    """Give the values for one namespace."""
    return {"watch": {"namespaces": [shop.namespace]}, "allowList": {"enabled": False}}


def strict(shop: Shop) -> dict[str, Any]:
    """Give the values for one namespace and the Secrets of one resource."""
    return {**namespaced(shop), "rbac": {"secretNames": {shop.namespace: NAMES}}}


MODES: Final = {one.__name__: one for one in (cluster_wide, namespaced, strict)}


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Gives the name of a mode."""
    return str(request.param)


Grant = tuple[str, tuple[str, ...], frozenset[str]]
"""A resource, as ``can-i`` writes it, the names, and the verbs."""


def can_do(kubectl: Kubectl, account: str, namespace: str) -> set[Grant]:
    """Read ``kubectl auth can-i --list`` for an account; without what everybody may do."""
    mine, everybodys = (
        _table(kubectl("auth", "can-i", "--list", f"--as={one}", "-n", namespace))
        for one in (account, f"{account}-nobody")
    )
    return mine - everybodys


def _table(text: str) -> set[Grant]:
    """Read the table: resources, URLs, names, verbs. Rows of URLs have no resource."""
    pattern = re.compile(r"^(\S+)\s+\[\]\s+\[([^\]]*)\]\s+\[([^\]]*)\]$")
    rows = [pattern.match(line.rstrip()) for line in text.splitlines()[1:]]
    return {(row[1], tuple(row[2].split()), frozenset(row[3].split())) for row in rows if row}


def _documented(names: tuple[str, ...]) -> set[Grant]:
    """Give what the table of docs/security.md says, which a fast test holds against the code."""
    found: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for rights, some in ((NEEDED, ()), (SECRET_RIGHTS, names)):
        for right in rights:
            plural, slash, subresource = right.resource.partition("/")
            group = f".{right.group}" if right.group else ""
            key = (f"{plural}{group}{slash}{subresource}", some)
            found.setdefault(key, set()).add(right.verb)
    return {(resource, some, frozenset(verbs)) for (resource, some), verbs in found.items()}


def _joined(grants: set[Grant]) -> set[Grant]:
    """Join rows that kubectl splits by rule."""
    verbs: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
    for resource, names, some in grants:
        key = (resource, tuple(sorted(names)))
        verbs[key] = verbs.get(key, frozenset()) | some
    return {(resource, names, some) for (resource, names), some in verbs.items()}


def test_what_the_account_can_do_is_what_the_documentation_says(
    mode: str, shop: Shop, install: Install
) -> None:
    release = install(**MODES[mode](shop))
    names = tuple(NAMES) if mode == "strict" else ()
    found = _joined(can_do(shop.kubectl, release.account, shop.namespace))
    # kubectl lists each name of a rule in a row of its own.
    expected = {
        (resource, (one,) if one else (), verbs)
        for resource, some, verbs in _documented(names)
        for one in (some or ("",))
    }
    assert found == expected
    lease = {
        ("leases.coordination.k8s.io", (release.name,), frozenset({"get", "update"})),
        ("leases.coordination.k8s.io", (), frozenset({"create"})),
    }
    at_home = _joined(can_do(shop.kubectl, release.account, release.namespace))
    assert at_home == (lease | expected if mode == "cluster_wide" else lease)
    assert {one.verb for one in LEASE_RIGHTS} == {"get", "create", "update"}


def test_a_whole_rotation_takes_no_more_than_is_granted_and_the_self_test_agrees(
    mode: str, shop: Shop, install: Install, tmp_path: Path
) -> None:
    release = install(**MODES[mode](shop))
    client = shop.cognito.create_client(shop.pool_id, age=DUE)
    first = shop.active_ids(client)
    with release.process(tmp_path, shop.cognito.environment) as operator:
        shop.apply(application("web"), shop.resource(client))
        shop.wait_rotated(client, first)
        done = release.self_test(tmp_path, operator.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert _denied(shop, release) == []


def _denied(shop: Shop, release: Release) -> list[dict[str, Any]]:
    """Give what was refused to the account, after the API server's own record."""
    return [
        event["objectRef"]
        for event in shop.cluster.audit_events()
        if event["user"]["username"] == release.account and event["responseStatus"]["code"] == 403
    ]


def test_in_strict_mode_a_name_that_is_not_granted_is_told_and_nothing_of_it_is_touched(
    shop: Shop, install: Install, tmp_path: Path
) -> None:
    release = install(**strict(shop))
    granted, other = (shop.cognito.create_client(shop.pool_id) for _ in range(2))
    before = shop.active_ids(other)
    with release.process(tmp_path, shop.cognito.environment):
        shop.apply(shop.resource(granted), shop.resource(other, "billing"))
        shop.wait_ready(granted)
        shop.wait(
            "the denial is told",
            lambda: shop.condition("Ready", "billing").get("reason") == "AccessDenied",
        )
        message = shop.condition("Ready", "billing")["message"]
    assert "lacks the permission to" in message
    assert '"billing-cognito-journal"' in message or 'secrets "billing"' in message
    assert shop.namespace in message
    assert (shop.secret("billing"), shop.active_ids(other)) == ({}, before)


def test_the_self_test_fails_where_too_much_or_too_little_is_granted(
    shop: Shop, install: Install, tmp_path: Path
) -> None:
    release = install(**namespaced(shop), service={"create": False})
    assert release.self_test(tmp_path).returncode == 0
    create = ("create", "-n", shop.namespace)
    shop.kubectl(*create, "role", "reader", "--verb=list", "--resource=secrets")
    where = f"--serviceaccount={release.namespace}:{release.name}"
    shop.kubectl(*create, "rolebinding", "reader", "--role=reader", where)
    shop.wait("too much is told", lambda: "list secrets" in release.self_test(tmp_path).stdout)
    done = release.self_test(tmp_path)
    assert (done.returncode, "granted: list secrets: remove it" in done.stdout) == (1, True)

    shop.kubectl("delete", "-n", shop.namespace, "rolebinding", "reader")
    role = f"{release.namespace}-{release.name}"
    shop.kubectl("delete", "-n", shop.namespace, "role", role)
    shop.wait(
        "too little is told",
        lambda: "refused: get cognitoclientsecrets" in _said(release, tmp_path),
    )
    assert release.self_test(tmp_path).returncode == 1


def _said(release: Release, workdir: Path) -> str:
    return release.self_test(workdir).stdout


class Impersonator:
    """Requests with the token of the operator's account: what an attacker could do with it."""

    def __init__(self, shop: Shop, release: Release) -> None:
        """Take a token."""
        self._url = shop.cluster.url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(shop.cluster.ca_file)
        token = shop.kubectl("create", "token", release.name, "-n", release.namespace).strip()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def patch(self, path: str, body: dict[str, Any], kind: str = "merge-patch+json") -> str:
        """Send a patch; give the refusal, or nothing."""
        answer = self._session.patch(
            f"{self._url}{path}",
            json=body,
            headers={"Content-Type": f"application/{kind}"},
            params={"fieldManager": "test"},
            timeout=TIMEOUT_SECONDS,
        )
        said: dict[str, Any] = answer.json()
        return "" if answer.ok else f"{answer.status_code} {said['message']}"

    def create_secret(self, namespace: str, name: str, mark: str = "", **fields: Any) -> str:
        """Create a Secret by server-side apply; give the refusal, or nothing."""
        annotations = {"cognito-secrets.dev/resource": mark} if mark else {}
        annotations |= fields.pop("annotations", {})
        metadata = {"name": name, "annotations": annotations, **fields.pop("metadata", {})}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **fields}
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        return self.patch(path, body, "apply-patch+yaml")


@pytest.fixture
def policed(shop: Shop, install: Install) -> Release:
    """Installs the chart with admission policies, and waits until they are in force."""
    release = install(**namespaced(shop), admissionPolicy={"enabled": True})
    attacker = Impersonator(shop, release)
    shop.wait(
        "the policies are in force",
        lambda: "writes only Secrets" in attacker.create_secret(shop.namespace, "probe"),
    )
    return release


def test_with_the_policies_a_whole_rotation_goes_through(
    shop: Shop, policed: Release, tmp_path: Path
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=DUE)
    first = shop.active_ids(client)
    target = {"creationPolicy": "Owner", "labels": {"team": "orders"}}
    with policed.process(tmp_path, shop.cognito.environment):
        for kind in ("Deployment", "StatefulSet", "DaemonSet"):
            shop.apply(application(f"web-{kind.lower()}", kind=kind))
        shop.apply(shop.resource(client, target=target))
        shop.wait_rotated(client, first)
    refused_by_policy = [
        one for one in _denied(shop, policed) if one["name"] not in {"probe", "foreign"}
    ]
    assert refused_by_policy == []


def test_with_the_policies_no_other_secret_can_be_written_nor_a_token_be_had(
    shop: Shop, policed: Release
) -> None:
    attacker, where = Impersonator(shop, policed), shop.namespace
    shop.kubectl("create", "secret", "generic", "foreign", "-n", where, "--from-literal=a=b")
    path = f"/api/v1/namespaces/{where}/secrets/foreign"
    assert "writes only Secrets" in attacker.patch(path, {"data": {"a": "Yw=="}})
    mark = {"metadata": {"annotations": {"cognito-secrets.dev/resource": NAME}}}
    assert "belongs to no resource" in attacker.patch(path, mark)
    assert attacker.create_secret(where, NAME, NAME) == ""
    assert "writes only Secrets" in attacker.create_secret(where, "other")
    stolen = attacker.create_secret(where, "other-cognito-journal", NAME)
    assert "the journal belongs to another resource" in stolen
    token = {"kubernetes.io/service-account.name": "default"}
    kind = "kubernetes.io/service-account-token"
    assert "Opaque only" in attacker.create_secret(where, "x", NAME, type=kind, annotations=token)
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "kube-root-ca.crt", "uid": "1"}
    owned = attacker.create_secret(where, "y", NAME, metadata={"ownerReferences": [owner]})
    assert "makes nothing but its resource the owner" in owned
    assert "makes no Secret immutable" in attacker.create_secret(where, "z", NAME, immutable=True)
    held = attacker.create_secret(where, "z", NAME, metadata={"finalizers": ["example.test/hold"]})
    assert "adds no finalizers" in held
    typed: dict[str, Any] = {
        "kind": "Secret",
        "apiVersion": "v1",
        "type": "kubernetes.io/basic-auth",
    }
    typed |= {"metadata": {"name": "typed", "namespace": where, **mark["metadata"]}}
    shop.apply(typed | {"stringData": {"username": "a"}})
    path = f"/api/v1/namespaces/{where}/secrets/typed"
    refused = attacker.patch(path, {"data": {"username": "Yg=="}})
    assert "a type of Kubernetes or Helm" in refused


def test_for_the_whole_cluster_policies_are_there_unless_refused_and_bind_namespaces(
    shop: Shop, install: Install
) -> None:
    release = install(**cluster_wide(shop))
    attacker = Impersonator(shop, release)
    shop.wait(
        "the policies are in force",
        lambda: "writes only Secrets" in attacker.create_secret(shop.namespace, "probe"),
    )
    assert attacker.create_secret(shop.namespace, NAME, NAME) == ""
    for namespace in ("default", "kube-system", release.namespace):
        assert "only in the namespaces" in attacker.create_secret(namespace, NAME, NAME), namespace


def test_without_the_policies_the_account_can_have_a_token_of_another_account(
    shop: Shop, install: Install
) -> None:
    # Why the policies are worth it, and why docs/security.md says what it says.
    attacker = Impersonator(shop, install(**namespaced(shop)))
    token = {"kubernetes.io/service-account.name": "default"}
    kind = "kubernetes.io/service-account-token"
    where = shop.namespace
    assert attacker.create_secret(where, "x", NAME, type=kind, annotations=token) == ""
    shop.wait("the token is there", lambda: "token" in shop.secret("x"))


CHANGES: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "replicas": ({"spec": {"replicas": 0}}, "nothing of a workload but its pod template"),
    "pause": ({"spec": {"paused": True}}, "nothing of a workload but its pod template"),
    "a label": ({"metadata": {"labels": {"a": "b"}}}, "no metadata of a workload"),
    "an annotation": ({"metadata": {"annotations": {"a": "b"}}}, "no metadata of a workload"),
    "an image": (
        {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "evil"}]}}}},
        "nothing of a pod template but its metadata",
    ),
    "a node": (
        {"spec": {"template": {"spec": {"nodeName": "node-1"}}}},
        "nothing of a pod template but its metadata",
    ),
    "an account": (
        {"spec": {"template": {"spec": {"serviceAccountName": "root"}}}},
        "nothing of a pod template but its metadata",
    ),
    "a label of pods": (
        {"spec": {"template": {"metadata": {"labels": {"a": "b"}}}}},
        "no metadata of a pod template but annotations",
    ),
    "an annotation of pods": (
        {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}},
        "no annotations of a pod template but its stamps",
    ),
    "the loss of an annotation": (
        {"spec": {"template": {"metadata": {"annotations": {"keep": None}}}}},
        "no annotations of a pod template but its stamps",
    ),
}


def test_with_the_policies_nothing_of_a_workload_can_be_changed_but_stamps(
    shop: Shop, policed: Release
) -> None:
    attacker = Impersonator(shop, policed)
    web = application("web")
    web["spec"]["template"]["metadata"]["annotations"] = {"keep": "me"}
    shop.apply(web)
    path = f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web"
    for change, (body, refusal) in CHANGES.items():
        said = attacker.patch(path, body)
        assert said.startswith("403"), (change, said)
        assert refusal in said, change
    for stamp in ("a.1", "a.2", None):
        annotations = {f"cognito-secrets.dev/{NAME}": stamp}
        body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        assert attacker.patch(path, body) == ""
