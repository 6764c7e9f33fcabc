from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cognito_secret_operator.adapters.kube_api import KubeApi
from cognito_secret_operator.adapters.pods import is_finished
from cognito_secret_operator.adapters.workloads import WorkloadStore
from cognito_secret_operator.domain.consumers import (
    ConsumerMode,
    ConsumersSpec,
    Listed,
    Search,
)
from cognito_secret_operator.domain.rollout import (
    Consumers,
    Progress,
    Reader,
    Workload,
    WorkloadRef,
)
from cognito_secret_operator.errors import AccessDeniedError, ConflictError, RetryLaterError

from support.loopback import DATE, Loopback, failure

NAME = "orders-api"
STAMP = "cognito-secrets.dev/orders-api"
CORE = "/api/v1/namespaces/shop"
APPS = "/apis/apps/v1/namespaces/shop"
BATCH = "/apis/batch/v1/namespaces/shop"
ACK = f"{STAMP}.ack"
SEARCH = Search("shop", NAME, STAMP, ACK)
APPS_LISTED = ("deployments", "statefulsets", "daemonsets")
BATCH_LISTED = ("jobs", "cronjobs")
GROUPS = {"Job": "batch/v1", "CronJob": "batch/v1", "Node": "v1", "Rollout": "argoproj.io/v1alpha1"}

USING = {"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": NAME}}]}]}
OTHER = {"containers": [{"name": "app"}]}
ENDED = {"terminated": {"exitCode": 0}}
RUNNING: dict[str, Any] = {"running": {}}
WAITING = {"waiting": {"reason": "PodInitializing"}}


def pod(
    phase: str,
    states: dict[str, dict[str, Any]] | None = None,
    *,
    containers: tuple[str, ...] = ("app",),
    init: dict[str, dict[str, Any]] | None = None,
    ephemeral: dict[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    def statuses(of: dict[str, dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        return None if of is None else [{"name": k, "state": v} for k, v in of.items()]

    return {
        "spec": {"containers": [{"name": name} for name in containers]},
        "status": {
            "phase": phase,
            "containerStatuses": statuses(states),
            "initContainerStatuses": statuses(init),
            "ephemeralContainerStatuses": statuses(ephemeral),
        },
    }


FINISHED = {
    "a Job's pod that succeeded": pod("Succeeded", {"app": ENDED}),
    "a pod that failed": pod("Failed", {"app": ENDED}),
    "all containers of all kinds have ended": pod(
        "Succeeded",
        {"a": ENDED, "b": ENDED},
        containers=("a", "b"),
        init={"i": ENDED},
        ephemeral={"e": ENDED},
    ),
}
NOT_FINISHED = {
    "a running pod": pod("Running", {"app": RUNNING}),
    "a running pod whose container has just ended": pod("Running", {"app": ENDED}),
    "a pending pod": pod("Pending"),
    "a pod without a status": {"spec": {"containers": [{"name": "app"}]}},
    "a failed pod of a node that is gone": pod("Failed", {"app": RUNNING}),
    "a pod evicted before it had any status": pod("Failed"),
    "a failed pod with an empty list of statuses": pod("Failed", {}),
    "a failed pod that tells of one container of two": pod(
        "Failed", {"a": ENDED}, containers=("a", "b")
    ),
    "a failed pod whose second container still runs": pod(
        "Failed", {"a": ENDED, "b": RUNNING}, containers=("a", "b")
    ),
    "a failed pod whose container waits": pod("Failed", {"app": WAITING}),
    "a failed pod whose container has no state": pod("Failed", {"app": {}}),
    "a succeeded pod whose sidecar still runs": pod(
        "Succeeded", {"app": ENDED}, init={"sidecar": RUNNING}
    ),
    "a succeeded pod that somebody still debugs": pod(
        "Succeeded", {"app": ENDED}, ephemeral={"debug": RUNNING}
    ),
}


@pytest.mark.parametrize("body", FINISHED.values(), ids=FINISHED.keys())
def test_finished_is(body: dict[str, Any]) -> None:
    assert is_finished(body)


@pytest.mark.parametrize("body", NOT_FINISHED.values(), ids=NOT_FINISHED.keys())
def test_not_finished_is(body: dict[str, Any]) -> None:
    assert not is_finished(body)


def metadata(name: str, owner: tuple[str, str] | None = None, **parts: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": "7",
        "creationTimestamp": "2026-11-21T03:00:00Z",
        **parts,
    }
    if owner is not None:
        kind, owner_name = owner
        api_version = GROUPS.get(kind, "apps/v1")
        reference = {"kind": kind, "name": owner_name, "uid": f"uid-{owner_name}"}
        made["ownerReferences"] = [
            {"kind": "Node", "name": "bystander", "uid": "n"},
            {**reference, "apiVersion": api_version, "controller": True},
        ]
    return made


def template(name: str, spec: dict[str, Any], stamp: str | None = None) -> dict[str, Any]:
    annotations = {"annotations": {STAMP: stamp}} if stamp else {}
    return {
        "metadata": metadata(name, generation=1),
        "spec": {"replicas": 0, "template": {"metadata": annotations, "spec": spec}},
        "status": {"observedGeneration": 1},
    }


def serve(server: Loopback, **lists: list[dict[str, Any]]) -> None:
    for plural in ("deployments", "statefulsets", "daemonsets", "replicasets"):
        server.answers("GET", f"{APPS}/{plural}", {"items": lists.get(plural, [])})
    for plural in ("jobs", "cronjobs"):
        server.answers("GET", f"{BATCH}/{plural}", {"items": lists.get(plural, [])})
    server.answers("GET", f"{CORE}/pods", {"items": lists.get("pods", [])})


async def test_what_refers_to_the_secret_is_found_with_its_owner(
    server: Loopback, api: KubeApi
) -> None:
    owners = {
        "of-deployment": ("ReplicaSet", "web-1"),
        "of-lost-set": ("ReplicaSet", "gone"),
        "of-lone-set": ("ReplicaSet", "lone"),
        "of-stateful-set": ("StatefulSet", "db"),
        "of-job": ("Job", "nightly"),
        "bare": None,
    }
    pods = [{"metadata": metadata(name, owner), "spec": USING} for name, owner in owners.items()]
    pods[-1]["metadata"]["deletionTimestamp"] = "2026-11-21T04:00:00Z"
    serve(
        server,
        pods=[*pods, {"metadata": metadata("unrelated"), "spec": OTHER}],
        replicasets=[
            {"metadata": metadata("web-1", ("Deployment", "web"))},
            {"metadata": metadata("lone")},
        ],
        deployments=[template("web", USING, "B.7"), template("other", OTHER)],
        statefulsets=[template("db", USING)],
        daemonsets=[template("agent", USING)],
    )
    found = await WorkloadStore(api).consumers(SEARCH)
    assert {one.name: str(one.owner) for one in found.pods} == {
        "of-deployment": "Deployment/web",
        "of-lost-set": "ReplicaSet/gone",
        "of-lone-set": "ReplicaSet/lone",
        "of-stateful-set": "StatefulSet/db",
        "of-job": "Job/nightly",
        "bare": "None",
    }
    assert {one.created_at for one in found.pods} == {datetime(2026, 11, 21, 3, tzinfo=UTC)}
    assert [one.name for one in found.pods if one.terminating] == ["bare"]
    assert [(str(one.ref), one.stamp) for one in found.workloads] == [
        ("Deployment/web", "B.7"),
        ("StatefulSet/db", None),
        ("DaemonSet/agent", None),
    ]
    assert found.workloads[0].progress is Progress.COMPLETE
    assert found.workloads[0].secrets == {NAME}


async def test_pods_are_read_first_and_over_all_pages(server: Loopback, api: KubeApi) -> None:
    later = {"Date": DATE.replace("03:44:00", "03:44:09")}
    first, second = ({"metadata": metadata(name), "spec": USING} for name in ("a", "b"))
    more = {"items": [first], "metadata": {"continue": "more"}}
    server.answers("GET", f"{CORE}/pods", more)
    server.answers("GET", f"{CORE}/pods", {"items": [second]}, headers=later)
    for plural in ("deployments", "statefulsets", "daemonsets"):
        server.answers("GET", f"{APPS}/{plural}", {"items": []}, headers=later)
    for plural in ("jobs", "cronjobs"):
        server.answers("GET", f"{BATCH}/{plural}", {"items": []}, headers=later)
    found = await WorkloadStore(api).consumers(SEARCH)
    assert [one.name for one in found.pods] == ["a", "b"]
    assert found.read_at == datetime(2026, 11, 21, 3, 44, tzinfo=UTC)
    assert [one.path.rpartition("/")[2] for one in server.seen[:3]] == [
        "pods",
        "pods",
        "deployments",
    ]
    assert not any("resourceVersion" in one.query for one in server.seen)


async def test_replica_sets_are_asked_for_only_where_a_pod_has_one(
    server: Loopback, api: KubeApi
) -> None:
    serve(server, pods=[{"metadata": metadata("a", ("StatefulSet", "db")), "spec": USING}])
    await WorkloadStore(api).consumers(SEARCH)
    assert not [one for one in server.seen if one.path.endswith("replicasets")]
    serve(server, pods=[{"metadata": metadata("a", ("ReplicaSet", "web-1")), "spec": USING}])
    await WorkloadStore(api).consumers(SEARCH)
    await WorkloadStore(api).consumers(SEARCH)
    (seen, *_) = [one for one in server.seen if one.path.endswith("replicasets")]
    assert "as=PartialObjectMetadataList" in seen.headers["Accept"]


@pytest.mark.parametrize("plural", ["pods", *APPS_LISTED, *BATCH_LISTED])
async def test_one_list_that_fails_fails_the_whole_read(
    server: Loopback, api: KubeApi, plural: str
) -> None:
    path = f"{CORE if plural == 'pods' else BATCH if plural in BATCH_LISTED else APPS}/{plural}"
    server.answers("GET", path, failure(403, "Forbidden"), status=403)
    serve(server)
    with pytest.raises(AccessDeniedError, match=f"list {plural}"):
        await WorkloadStore(api).consumers(SEARCH)


async def test_a_list_that_expires_is_no_answer(server: Loopback, api: KubeApi) -> None:
    page = {"items": [], "metadata": {"continue": "more"}}
    server.answers("GET", f"{CORE}/pods", page)
    server.answers("GET", f"{CORE}/pods", failure(410, "Expired"), status=410)
    with pytest.raises(RetryLaterError):
        await WorkloadStore(api).consumers(SEARCH)


def using(name: str, **parts: Any) -> dict[str, Any]:
    return {"metadata": metadata(name, **parts), "spec": USING}


ACKNOWLEDGEMENTS = {
    "one container": ("app=7", {("app", 7)}),
    "several, with spaces": (" app=7 , side-car = 8 ", {("app", 7), ("side-car", 8)}),
    "one that cannot be read among others": ("app=7,seven=,=7,b=x", {("app", 7)}),
    "nothing": ("", set()),
    "a number that is none": ("app=-7,b=0x7,c=7.0", set()),
    "a number too long to mean anything": (f"app={'7' * 19}", set()),
}


@pytest.mark.parametrize(
    ("text", "expected"), ACKNOWLEDGEMENTS.values(), ids=ACKNOWLEDGEMENTS.keys()
)
async def test_acknowledgements_are_read_from_the_pods_annotation(
    server: Loopback, api: KubeApi, text: str, expected: set[tuple[str, int]]
) -> None:
    serve(server, pods=[using("a", annotations={ACK: text, f"{STAMP}-2.ack": "app=9"})])
    (found,) = (await WorkloadStore(api).consumers(SEARCH)).pods
    assert found.acknowledged == expected
    assert found.readers == (Reader("app", reloads=False),)


async def test_an_init_container_that_has_ended_reads_no_more(
    server: Loopback, api: KubeApi
) -> None:
    reads = {"envFrom": [{"secretRef": {"name": NAME}}]}
    made = using("a")
    made["spec"] = {
        "containers": [{"name": "app", **reads}],
        "initContainers": [
            {"name": "ended", **reads},
            {"name": "runs", **reads},
            {"name": "sidecar", "restartPolicy": "Always", **reads},
        ],
    }
    states = {"ended": ENDED, "runs": RUNNING, "sidecar": ENDED}
    told = [{"name": name, "state": state} for name, state in states.items()]
    made["status"] = {"phase": "Running", "initContainerStatuses": told}
    serve(server, pods=[made])
    (found,) = (await WorkloadStore(api).consumers(SEARCH)).pods
    assert [one.name for one in found.readers] == ["app", "runs", "sidecar"]


def listing(*workloads: tuple[str, str, str]) -> Search:
    chosen = tuple(
        Listed(version, WorkloadRef(kind, name, version.rpartition("/")[0]))
        for version, kind, name in workloads
    )
    return replace(SEARCH, chosen=ConsumersSpec(ConsumerMode.LISTED, chosen))


def told(found: Consumers) -> dict[str, bool]:
    """Who was found, and whether the user counts it."""
    return {f"Pod/{one.name}": one.covered for one in found.pods} | {
        str(one.ref): one.covered for one in found.workloads
    }


async def test_what_is_listed_is_covered_with_its_pods_and_the_rest_is_not(
    server: Loopback, api: KubeApi
) -> None:
    serve(
        server,
        pods=[
            using("web-1", owner=("StatefulSet", "web")),
            using("nightly-1", owner=("Job", "nightly-7")),
            using("other-1", owner=("StatefulSet", "other")),
            using("bare"),
            using("stranger"),
            {**using("asks-1", owner=("StatefulSet", "asks")), "spec": OTHER},
            {**using("unrelated"), "spec": OTHER},
        ],
        statefulsets=[template("web", USING), template("other", USING), template("asks", OTHER)],
        jobs=[{"metadata": metadata("nightly-7", ("CronJob", "nightly"))}],
        cronjobs=[{"metadata": metadata("nightly")}],
    )
    search = listing(
        ("apps/v1", "StatefulSet", "web"),
        ("apps/v1", "StatefulSet", "asks"),
        ("batch/v1", "CronJob", "nightly"),
        ("v1", "Pod", "bare"),
    )
    found = await WorkloadStore(api).consumers(search)
    assert told(found) == {
        "Pod/web-1": True,
        "Pod/nightly-1": True,
        "Pod/other-1": False,
        "Pod/bare": True,
        "Pod/stranger": False,
        "Pod/asks-1": True,
        "StatefulSet/web": True,
        "StatefulSet/other": False,
        "StatefulSet/asks": True,
        "Job/nightly-7": True,
        "CronJob/nightly": True,
    }
    assert found.missing == ()
    owners = {one.name: str(one.owner) for one in found.pods}
    assert (owners["web-1"], owners["nightly-1"]) == ("StatefulSet/web", "CronJob/nightly")


async def test_a_selector_looks_at_the_workloads_own_labels(server: Loopback, api: KubeApi) -> None:
    labelled = template("web", USING)
    labelled["metadata"]["labels"] = {"team": "shop"}
    serve(
        server,
        pods=[
            using("web-1", owner=("StatefulSet", "web")),
            using("other-1", owner=("StatefulSet", "other"), labels={"tier": "1"}),
            using("bare", labels={"team": "shop"}),
        ],
        statefulsets=[labelled, template("other", USING)],
    )
    chosen = ConsumersSpec(ConsumerMode.SELECTED, labels=frozenset({("team", "shop")}))
    found = await WorkloadStore(api).consumers(replace(SEARCH, chosen=chosen))
    assert told(found) == {
        "Pod/web-1": True,
        "Pod/other-1": False,
        "Pod/bare": True,
        "StatefulSet/web": True,
        "StatefulSet/other": False,
    }


async def test_what_is_listed_and_not_there_is_missing_unless_it_comes_and_goes(
    server: Loopback, api: KubeApi
) -> None:
    serve(server)
    server.answers("GET", "/apis/example.test/v1", failure(404, "NotFound"), status=404)
    served = {"resources": [{"kind": "Rollout", "name": "rollouts"}]}
    server.answers("GET", "/apis/argoproj.io/v1alpha1", served)
    gone = {**failure(404, "NotFound"), "details": {"name": "gone"}}
    path = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/gone"
    server.answers("GET", path, gone, status=404)
    found = await WorkloadStore(api).consumers(
        listing(
            ("apps/v1", "Deployment", "web"),
            ("apps/v1", "ReplicaSet", "lone"),
            ("batch/v1", "CronJob", "nightly"),
            ("batch/v1", "Job", "ended"),
            ("v1", "Pod", "ended"),
            ("example.test/v1", "Fleet", "all"),
            ("argoproj.io/v1alpha1", "Rollout", "gone"),
            ("argoproj.io/v1alpha1", "Experiment", "none"),
        )
    )
    assert [str(ref) for ref in found.missing] == [
        "Deployment/web",
        "ReplicaSet/lone",
        "CronJob/nightly",
        "Fleet/all",
        "Rollout/gone",
        "Experiment/none",
    ]


ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/checkout"
CHECKOUT = listing(("argoproj.io/v1alpha1", "Rollout", "checkout"))
DISCOVERED = {
    "resources": [
        {"kind": "Rollout", "name": "rollouts/status"},
        {"kind": "Rollout", "name": "rollouts"},
    ]
}


async def test_a_kind_of_the_users_own_is_discovered_once_read_and_stamped(
    server: Loopback, api: KubeApi
) -> None:
    made = template("checkout", USING)
    made["status"] = {"observedGeneration": "1", "phase": "Healthy"}
    serve(
        server,
        pods=[using("checkout-1", owner=("ReplicaSet", "checkout-7f"))],
        replicasets=[{"metadata": metadata("checkout-7f", ("Rollout", "checkout"))}],
    )
    server.answers("GET", "/apis/argoproj.io/v1alpha1", DISCOVERED)
    server.answers("GET", ROLLOUT, made)
    server.answers("PATCH", ROLLOUT, {})
    store = WorkloadStore(api)
    await store.consumers(CHECKOUT)
    found = await store.consumers(CHECKOUT)
    (rollout,) = found.workloads
    assert (str(rollout.ref), rollout.covered, rollout.restarts) == ("Rollout/checkout", True, True)
    assert rollout.progress is Progress.COMPLETE
    assert [(one.owner, one.covered) for one in found.pods] == [(rollout.ref, True)]
    await store.stamp("shop", rollout, key=STAMP, value="B.7")
    asked = [one.path for one in server.seen]
    assert asked.count("/apis/argoproj.io/v1alpha1") == 1
    assert asked[-1] == ROLLOUT


async def test_a_kind_without_a_pod_template_cannot_be_restarted(
    server: Loopback, api: KubeApi
) -> None:
    serve(server)
    server.answers("GET", "/apis/argoproj.io/v1alpha1", DISCOVERED)
    server.answers("GET", ROLLOUT, {"metadata": metadata("checkout"), "spec": {}})
    (rollout,) = (await WorkloadStore(api).consumers(CHECKOUT)).workloads
    assert not rollout.restarts


@pytest.mark.parametrize("verb", ["GET", "PATCH"])
async def test_a_missing_right_on_a_kind_of_the_users_own_names_the_rule_to_add(
    server: Loopback, api: KubeApi, verb: str
) -> None:
    serve(server)
    server.answers("GET", "/apis/argoproj.io/v1alpha1", DISCOVERED)
    if verb == "PATCH":
        server.answers("GET", ROLLOUT, template("checkout", USING))
    server.answers(verb, ROLLOUT, failure(403, "Forbidden"), status=403)
    store = WorkloadStore(api)

    async def work() -> None:
        (rollout,) = (await store.consumers(CHECKOUT)).workloads
        await store.stamp("shop", rollout, key=STAMP, value="B.7")

    rule = r'apiGroups \["argoproj.io"\], resources \[rollouts\], verbs \[get, patch\]'
    with pytest.raises(AccessDeniedError, match=f"{verb.lower()} rollouts.*{rule}"):
        await work()


async def test_a_stamp_on_a_kind_that_was_never_read_is_a_conflict(api: KubeApi) -> None:
    ref = WorkloadRef("Rollout", "checkout", "argoproj.io")
    unread = Workload(ref, "u", "7", None, Progress.COMPLETE, "")
    with pytest.raises(ConflictError, match="has to be read first"):
        await WorkloadStore(api).stamp("shop", unread, key=STAMP, value="B.7")


STAMPED: dict[str, Any] = {
    "f:spec": {"f:template": {"f:metadata": {"f:annotations": {f"f:{STAMP}-2": {}}}}}
}
PAUSED_BY_US: dict[str, Any] = {"f:spec": {"f:paused": {}}}
OURS = {"manager": "cognito-secret-operator", "time": "2026-11-21T03:43:00Z"}


@pytest.mark.parametrize(
    ("entry", "is_told"),
    [
        pytest.param({**OURS, "fieldsV1": STAMPED}, True, id="a stamp of ours, for any resource"),
        pytest.param({**OURS, "fieldsV1": PAUSED_BY_US}, False, id="another field"),
        pytest.param(
            {**OURS, "manager": "kubectl", "fieldsV1": STAMPED}, False, id="somebody else's"
        ),
        pytest.param(
            {"manager": OURS["manager"], "fieldsV1": STAMPED}, False, id="one without a time"
        ),
    ],
)
async def test_when_the_operator_last_stamped_a_workload(
    server: Loopback, api: KubeApi, entry: dict[str, Any], *, is_told: bool
) -> None:
    made = template("web", USING)
    made["metadata"]["managedFields"] = [{"manager": "kubectl", "time": "1"}, entry]
    serve(server, deployments=[made])
    (found,) = (await WorkloadStore(api).consumers(SEARCH)).workloads
    assert found.stamped_at == (datetime(2026, 11, 21, 3, 43, tzinfo=UTC) if is_told else None)


WEB = Workload(WorkloadRef("Deployment", "web"), "u", "7", None, Progress.COMPLETE, "")


async def test_a_stamp_is_one_annotation_over_the_version_that_was_read(
    server: Loopback, api: KubeApi
) -> None:
    server.answers("PATCH", f"{APPS}/deployments/web", {})
    await WorkloadStore(api).stamp("shop", WEB, key=STAMP, value="B.7")
    (seen,) = server.seen
    assert seen.headers["Content-Type"] == "application/merge-patch+json"
    assert seen.query == {"fieldManager": "cognito-secret-operator"}
    assert seen.body == {
        "metadata": {"uid": "u", "resourceVersion": "7"},
        "spec": {"template": {"metadata": {"annotations": {STAMP: "B.7"}}}},
    }


@pytest.mark.parametrize(("status", "reason"), [(409, "Conflict"), (404, "NotFound")])
async def test_a_workload_that_changed_or_went_is_a_conflict(
    server: Loopback, api: KubeApi, status: int, reason: str
) -> None:
    server.answers("PATCH", f"{APPS}/deployments/web", failure(status, reason), status=status)
    with pytest.raises(ConflictError):
        await WorkloadStore(api).stamp("shop", WEB, key=STAMP, value="B.7")
