"""What Argo CD, Flux, Helm 4 and `kubectl wait` make of each state of a real resource.

Argo CD's script runs in Lua, Flux' expressions run in the API server, kstatus' rules in
`support.kstatus`; all of them see what the real operator wrote.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from emulator.process import CognitoEmulator
from harness.flux import FluxHealth
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application, open_shop
from harness.states import bring_all_about, wait_for_all
from support.argo_lua import act, enabled_actions, health
from support.argo_testdata import write
from support.kstatus import kstatus

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

LIST: Final = "ListUserPoolClientSecrets"
KEPT: Final = ("name", "namespace", "generation", "uid", "creationTimestamp", "annotations")
"""Of an object's metadata, in the objects that Argo CD's tests have."""


@dataclass(frozen=True)
class Verdict:
    """What each tool says of one state."""

    argo: str
    kstatus: str
    flux: str
    is_ready: bool
    actions: frozenset[str] = field(default_factory=frozenset)


FREE: Final = frozenset({"replace-leaked", "suspend"})
WELL: Final = Verdict("Healthy", "Current", "Current", is_ready=True, actions=FREE)
STALLED: Final = Verdict("Degraded", "Failed", "Current", is_ready=True, actions=FREE)
NOT_YET: Final = Verdict(
    "Progressing", "InProgress", "InProgress", is_ready=False, actions=frozenset({"suspend"})
)
AT_REST: Final = FREE | {"rotate"}

EXPECTED: Final = {
    "unreported": NOT_YET,
    "at-rest": Verdict("Healthy", "Current", "Current", is_ready=True, actions=AT_REST),
    "awaits-approval": Verdict(
        "Healthy", "Current", "Current", is_ready=True, actions=FREE | {"approve"}
    ),
    "first-secret": Verdict(
        "Progressing", "InProgress", "InProgress", is_ready=False, actions=FREE
    ),
    "held-by-nobody": STALLED,
    "observed": Verdict(
        "Healthy", "Current", "Current", is_ready=True, actions=frozenset({"suspend"})
    ),
    "overlaps": WELL,
    "paused": STALLED,
    "public": Verdict(
        "Degraded", "Failed", "Failed", is_ready=False, actions=frozenset({"suspend"})
    ),
    "rolls-out": WELL,
    "suspended": Verdict(
        "Suspended", "InProgress", "InProgress", is_ready=False, actions=frozenset({"resume"})
    ),
    "verifies": WELL,
    "unknown-leak": Verdict("Degraded", "Failed", "Current", is_ready=True, actions=AT_REST),
    "changed": Verdict("Progressing", "InProgress", "InProgress", is_ready=False, actions=AT_REST),
    "frozen": Verdict("Suspended", "Current", "Current", is_ready=True, actions=AT_REST),
    "not-looked-at": Verdict("Unknown", "Current", "Current", is_ready=False, actions=AT_REST),
}
"""State -> what is said of it."""


@dataclass
class Gallery:
    """Objects in every state, each with what the tools said of it while it was in it."""

    shop: Shop
    flux: FluxHealth
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def look(self, name: str, called: str = "") -> None:
        """Keep an object as it is now, and ask every tool about it."""
        obj = self.shop.get(name)
        waited = self.shop.kubectl.try_run(
            "wait", "--for=condition=Ready", "--timeout=0", "-n", self.shop.namespace, f"ccs/{name}"
        )
        self.objects[called or name] = portable(obj)
        self.verdicts[called or name] = Verdict(
            health(obj)[0],
            kstatus(obj),
            self.flux.verdict(obj),
            is_ready=waited.returncode == 0,
            actions=frozenset(enabled_actions(obj)),
        )


def portable(given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what only this API server has to do with."""
    text = json.dumps(given).replace(given["metadata"]["namespace"], "shop")
    obj: dict[str, Any] = json.loads(text)
    metadata = {key: obj["metadata"][key] for key in KEPT if key in obj["metadata"]}
    annotations = metadata.get("annotations", {})
    annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    if not annotations:
        metadata.pop("annotations", None)
    found = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata}
    return {**found, "spec": obj["spec"], "status": obj["status"]}


@pytest.fixture(scope="module")
def gallery(
    cluster: ControlPlane,
    shared_cognito: CognitoEmulator,
    api: AdminApi,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gallery]:
    """Every state, brought about in one namespace by real operators."""
    shared_cognito.reset()
    shop = open_shop(cluster, shared_cognito, api)
    made = Gallery(shop, FluxHealth(shop))
    with ExitStack() as stack:
        stack.callback(made.flux.remove)
        show_all(made, tmp_path_factory.mktemp("operator"), stack)
        yield made


def show_all(made: Gallery, folder: Path, stack: ExitStack) -> None:
    """Bring the states about, those last that disturb the others."""
    shop, switch = made.shop, folder / "freeze"
    switch.write_text("false")
    bring_all_about(shop)
    made.look("at-rest", "unreported")
    operator = OperatorProcess(
        kubeconfig=shop.kubeconfig,
        namespaces=(shop.namespace,),
        environment={
            **shop.cognito.environment,
            "CSO_FREEZE_FILE": str(switch),
            "CSO_LIST_PERIOD_SECONDS": "2",
        },
        workdir=folder,
    )
    stack.callback(operator.stop)
    operator.start()
    wait_for_all(shop)
    for name in EXPECTED.keys() - {"unreported", "changed", "frozen", "not-looked-at"}:
        made.look(name)
    switch.write_text("true")
    shop.wait("frozen", lambda: shop.status("at-rest")["waitsFor"]["reason"] == "Frozen")
    made.look("at-rest", "frozen")
    switch.write_text("false")
    shop.wait("thawed", lambda: shop.status("at-rest")["waitsFor"]["reason"] == "NotDue")
    shop.cognito.set_knobs(fail={LIST: [{"code": "InternalErrorException", "count": 10_000}]})
    shop.wait_condition("Ready", "Unknown", "ObservationStale", name="at-rest")
    made.look("at-rest", "not-looked-at")
    shop.cognito.set_knobs(fail={})
    shop.wait_condition("Ready", "True", "Published", name="at-rest")
    operator.stop()
    change = '{"spec": {"rotation": {"maxAge": "200d"}}}'
    shop.kubectl("patch", "ccs", "at-rest", "-n", shop.namespace, "--type=merge", "-p", change)
    made.look("at-rest", "changed")


def test_each_tool_says_of_each_state_what_the_page_promises(gallery: Gallery) -> None:
    assert gallery.verdicts == EXPECTED
    if os.environ.get("REMAKE_GITOPS"):
        write(gallery.objects)


def test_a_resource_is_unfinished_until_its_secret_works_and_done_all_through_a_rotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("slow", grace_seconds=4), shop.resource(client))
    seen: list[tuple[str, str]] = []

    def note() -> bool:
        obj = shop.get()
        verdict = kstatus(obj), health(obj)[0]
        if seen[-1:] != [verdict]:
            seen.append(verdict)
        return True

    note()
    start_operator()
    shop.wait("its Secret works", lambda: note() and seen[-1][0] != "InProgress")
    first = shop.active_ids(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it has rotated", lambda: note() and len(shop.status().get("rotations") or ()) == 1)
    shop.wait_rotated(client, first)
    note()
    assert seen == [("InProgress", "Progressing"), ("Current", "Healthy")]


@pytest.mark.parametrize("action", ["rotate", "replace-leaked"])
def test_an_action_of_argo_cd_rotates(
    shop: Shop, start_operator: StartOperator, action: str
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    put(shop, act(action, shop.get()))
    shop.wait_rotated(client, first)


def test_actions_of_argo_cd_freeze_resume_and_approve(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client(adoption={"retireOriginal": "Approve"})
    put(shop, act("rotate", shop.get()))
    shop.wait_condition("Rotating", "True", "AwaitingApproval")
    put(shop, act("suspend", shop.get()))
    shop.wait_condition("Rotating", "True", "Suspended")
    put(shop, act("resume", shop.get()))
    shop.wait_condition("Rotating", "True", "AwaitingApproval")
    put(shop, act("approve", shop.get()))
    shop.wait_rotated(client, first)


def test_a_tool_that_applies_again_leaves_the_stamp_and_finds_nothing_of_its_own_on_the_secrets(
    shop: Shop, start_operator: StartOperator
) -> None:
    """Marks by which Argo CD, Flux and Helm prune stay on the resource: its Secrets are no part."""
    marks = {"app.kubernetes.io/instance": "orders", "kustomize.toolkit.fluxcd.io/name": "orders"}
    client = shop.cognito.create_client(shop.pool_id)
    resource, web = shop.resource(client), application("web")
    resource["metadata"] |= {
        "labels": marks,
        "annotations": {"argocd.argoproj.io/tracking-id": "orders:cognito-secrets.dev/x"},
    }
    shop.apply(web, resource)
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    before = deployment(shop)["spec"]
    shop.apply(web, resource)
    assert deployment(shop)["spec"] == before
    document = yaml.safe_dump_all([web, resource])
    where = ("-n", shop.namespace, "-f", "-")
    shop.kubectl("apply", "--server-side", "--force-conflicts", *where, document=document)
    assert deployment(shop)["spec"] == before, "the stamp stays, and nothing is restarted"
    stamp = before["template"]["metadata"]["annotations"]
    assert stamp["cognito-secrets.dev/orders-api"].startswith(current)
    for name in ("orders-api", "orders-api-cognito-journal"):
        found = shop.api.get(f"/api/v1/namespaces/{shop.namespace}/secrets/{name}")["metadata"]
        assert not marks.keys() & found.get("labels", {}).keys()
        assert "argocd.argoproj.io/tracking-id" not in found["annotations"]
        assert "ownerReferences" not in found


def deployment(shop: Shop) -> dict[str, Any]:
    return shop.api.get(f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web")


def put(shop: Shop, obj: Mapping[str, Any]) -> None:
    """Write what an action changed, as Argo CD does: a patch of annotations and spec."""
    changed = {
        "metadata": {"annotations": obj["metadata"].get("annotations", {})},
        "spec": obj["spec"],
    }
    name = obj["metadata"]["name"]
    shop.api.patch(
        f"/apis/cognito-secrets.dev/v1alpha1/namespaces/{shop.namespace}"
        f"/cognitoclientsecrets/{name}",
        changed,
    )
