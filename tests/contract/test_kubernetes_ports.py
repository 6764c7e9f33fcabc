"""The adapters of Kubernetes keep their ports' promises against a real API server."""

import asyncio
import base64
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from cognito_secret_operator.adapters import kube_api
from cognito_secret_operator.adapters.events import EventRecorder
from cognito_secret_operator.adapters.kube_api import KubeApi
from cognito_secret_operator.adapters.resources import ResourceStore
from cognito_secret_operator.adapters.secret_store import SecretStore
from cognito_secret_operator.adapters.workloads import WorkloadStore
from cognito_secret_operator.domain.consumers import Search
from cognito_secret_operator.domain.model import ResourceKey, StoredSecret
from cognito_secret_operator.domain.rollout import Consumers, Progress, Workload
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import (
    AccessDeniedError,
    ConflictError,
    NotFoundError,
    RefusedError,
)
from cognito_secret_operator.reasons import Reason
from cognito_secret_operator.service.ports import KubernetesEvent

from cluster.control_plane import ControlPlane
from harness.shop import Kubectl

pytestmark = pytest.mark.integration

NAME = "orders-api"
MARK = "cognito-secrets.dev/resource"
STAMP = "cognito-secrets.dev/orders-api"
ACK = f"{STAMP}.ack"
VALUE = "s3cr3tMarkerValue0123456789"
T = TypeVar("T")

NO_DATA: dict[str, SecretValue] = {}


class Admin:
    """kubectl in the test's namespace, as its administrator."""

    def __init__(self, cluster: ControlPlane, namespace: str) -> None:
        self._kubectl = Kubectl(cluster)
        self.namespace = namespace

    def __call__(self, *arguments: str) -> str:
        return self._kubectl("-n", self.namespace, *arguments)

    def try_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._kubectl.try_run("-n", self.namespace, *arguments)

    def apply(self, *documents: Mapping[str, Any]) -> None:
        self._kubectl.apply(*documents, namespace=self.namespace)


@pytest.fixture
def admin(cluster: ControlPlane, namespace: str) -> Admin:
    return Admin(cluster, namespace)


@pytest_asyncio.fixture
async def kube(cluster: ControlPlane) -> AsyncIterator[KubeApi]:
    async with await KubeApi.connect(cluster.kubeconfig) as api:
        yield api


@pytest.fixture
def store(kube: KubeApi) -> SecretStore:
    return SecretStore(kube)


async def until(what: str, look: Callable[[], Awaitable[T | None]], seconds: float = 60) -> T:
    """Look again until there is something true."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.2)
    return found


async def next_second(store: SecretStore, before: StoredSecret) -> None:
    """Wait until a write gets another date: managedFields count in whole seconds."""

    async def is_later() -> bool:
        return (await present(store, before.namespace)).read_at > before.read_at

    await until("the API server's clock shows the next second", is_later)


async def present(store: SecretStore, namespace: str) -> StoredSecret:
    found = await store.read(namespace, NAME)
    assert found is not None
    return found


async def written(store: SecretStore, namespace: str, **data: str) -> StoredSecret:
    """Create the Secret as the operator does and give it data."""
    empty = await store.create_empty(namespace, NAME, annotations={MARK: NAME})
    values = {key: SecretValue(text) for key, text in (data or {"a": "1", "b": "2"}).items()}
    return await store.replace(empty, data=values, annotations={"n": "1"})


class TestSecrets:
    async def test_none_is_read_where_there_is_none(
        self, store: SecretStore, namespace: str
    ) -> None:
        assert await store.read(namespace, NAME) is None
        assert await store.read("no-such-namespace", NAME) is None

    async def test_a_secret_is_created_empty_and_then_replaced(
        self, store: SecretStore, namespace: str
    ) -> None:
        empty = await store.create_empty(namespace, NAME, annotations={MARK: NAME})
        assert (empty.data, empty.data_owner) == ({}, "")
        full = await store.replace(empty, data={"a": SecretValue(VALUE)}, annotations={"n": "1"})
        assert full.uid == empty.uid
        assert full.resource_version != empty.resource_version
        found = await present(store, namespace)
        assert found.data == {"a": SecretValue(VALUE)}
        assert found.annotations == {MARK: NAME, "n": "1"}
        assert found.data_owner == full.data_owner != ""
        assert abs(found.read_at - datetime.now(UTC)).total_seconds() < 5

    async def test_a_replacement_keeps_what_others_put_there(
        self, store: SecretStore, admin: Admin
    ) -> None:
        config_map = admin("create", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": config_map}
        admin.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "example.com/kind",
                "metadata": {
                    "name": NAME,
                    "labels": {"app": "orders"},
                    "annotations": {"kept": "yes"},
                    "ownerReferences": [owner],
                },
                "stringData": {"old": "1"},
            }
        )
        before = await present(store, admin.namespace)
        await store.replace(before, data={"new": SecretValue("2")}, annotations={"ours": "yes"})
        after = await present(store, admin.namespace)
        assert set(after.data) == {"new"}
        assert after.labels == {"app": "orders"}
        assert after.annotations.items() >= {("kept", "yes"), ("ours", "yes")}
        kept = admin("get", "secret", NAME, "-o", "jsonpath={.type} {.metadata.ownerReferences}")
        assert kept.startswith("example.com/kind")
        assert config_map in kept

    async def test_bytes_that_are_no_text_survive(self, store: SecretStore, admin: Admin) -> None:
        raw = bytes(range(256))
        data = {"raw": base64.b64encode(raw).decode()}
        admin.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME}, "data": data}
        )
        before = await present(store, admin.namespace)
        await store.replace(before, data={**before.data, "b": SecretValue("")}, annotations={})
        after = await present(store, admin.namespace)
        assert after.data["raw"] == before.data["raw"]
        assert after.data["raw"].reveal().encode("utf-8", "surrogateescape") == raw

    async def test_a_second_writer_loses(self, store: SecretStore, namespace: str) -> None:
        first = await written(store, namespace)
        await store.replace(first, data={"a": SecretValue("winner")}, annotations={})
        with pytest.raises(ConflictError):
            await store.replace(first, data={"a": SecretValue("loser")}, annotations={})
        assert (await present(store, namespace)).data == {"a": SecretValue("winner")}

    async def test_of_writers_at_the_same_moment_one_wins(
        self, store: SecretStore, namespace: str
    ) -> None:
        first = await written(store, namespace)
        writes = (
            store.replace(first, data={"a": SecretValue(str(number))}, annotations={})
            for number in range(8)
        )
        results = await asyncio.gather(*writes, return_exceptions=True)
        won = [one for one in results if isinstance(one, StoredSecret)]
        assert len(won) == 1
        assert {type(one) for one in results} == {StoredSecret, ConflictError}
        assert (await present(store, namespace)).data == won[0].data

    async def test_a_secret_that_was_made_anew_is_not_overwritten(
        self, store: SecretStore, admin: Admin
    ) -> None:
        first = await written(store, admin.namespace)
        admin("delete", "secret", NAME)
        with pytest.raises(ConflictError):
            await store.replace(first, data=NO_DATA, annotations={})
        admin("create", "secret", "generic", NAME, "--from-literal=a=theirs")
        again = await present(store, admin.namespace)
        for stale in (first, replace(first, resource_version=again.resource_version)):
            with pytest.raises(ConflictError):
                await store.replace(stale, data=NO_DATA, annotations={})
        assert (await present(store, admin.namespace)).data == {"a": SecretValue("theirs")}

    async def test_the_api_server_itself_refuses_another_uid_or_version(
        self, kube: KubeApi, store: SecretStore, namespace: str
    ) -> None:
        # `replace` compares first; this shows that the PUT alone would not slip through either.
        first = await written(store, namespace)
        path = f"/api/v1/namespaces/{namespace}/secrets/{NAME}"
        body = (await kube.request("GET", path)).body
        for change in ({"uid": "11111111-2222-3333-4444-555555555555"}, {"resourceVersion": "1"}):
            metadata = {**body["metadata"], **change}
            with pytest.raises(ConflictError):
                await kube.request("PUT", path, body={**body, "metadata": metadata})
        assert (await present(store, namespace)).resource_version == first.resource_version

    async def test_an_immutable_secret_is_refused(self, store: SecretStore, admin: Admin) -> None:
        admin.apply(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME}, "immutable": True}
        )
        with pytest.raises(RefusedError, match="immutable"):
            await store.replace(await present(store, admin.namespace), data=NO_DATA, annotations={})

    async def test_a_mark_that_somebody_else_owns_is_not_taken(
        self, store: SecretStore, admin: Admin
    ) -> None:
        admin("create", "secret", "generic", NAME, "--from-literal=a=theirs")
        admin("annotate", "secret", NAME, f"{MARK}=other")
        with pytest.raises(ConflictError):
            await store.create_empty(admin.namespace, NAME, annotations={MARK: NAME})
        found = await present(store, admin.namespace)
        assert found.annotations[MARK] == "other"
        assert found.data == {"a": SecretValue("theirs")}

    @pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
    @pytest.mark.parametrize(
        ("key", "text", "field"),
        [("a", VALUE * 60_000, "data"), ("no key!", VALUE, "")],
        ids=["it is too large", "a key is none"],
    )
    async def test_a_refusal_tells_nothing_of_the_data_when(
        self, store: SecretStore, namespace: str, key: str, text: str, field: str
    ) -> None:
        first = await written(store, namespace)
        with pytest.raises(RefusedError) as caught:
            await store.replace(first, data={key: SecretValue(text)}, annotations={})
        assert caught.value.message.endswith(f"422 Invalid: {field}" if field else "422 Invalid")
        encoded = base64.b64encode(VALUE.encode()).decode().rstrip("=")
        for marker in (VALUE, encoded):
            assert marker not in f"{caught.value!r} {vars(caught.value)}"


DATA_WRITES = {
    "a key is changed": '{"stringData": {"a": "theirs"}}',
    "a key is added": '{"stringData": {"c": "theirs"}}',
    "a key is taken away": '{"data": {"b": null}}',
}


class TestDataOwner:
    @pytest.mark.parametrize("patch", DATA_WRITES.values(), ids=DATA_WRITES.keys())
    async def test_it_changes_when(self, store: SecretStore, admin: Admin, patch: str) -> None:
        before = await written(store, admin.namespace)
        admin("patch", "secret", NAME, "--type=merge", "-p", patch)
        assert (await present(store, admin.namespace)).data_owner != before.data_owner

    async def test_it_changes_when_data_are_changed_and_changed_back(
        self, store: SecretStore, admin: Admin
    ) -> None:
        before = await written(store, admin.namespace)
        for text in ("theirs", "1"):
            admin(
                "patch", "secret", NAME, "--type=merge", "-p", f'{{"stringData":{{"a":"{text}"}}}}'
            )
        after = await present(store, admin.namespace)
        assert after.data == before.data
        assert after.data_owner != before.data_owner

    async def test_it_changes_with_our_own_next_write(
        self, store: SecretStore, namespace: str
    ) -> None:
        before = await written(store, namespace)
        await next_second(store, before)
        after = await store.replace(before, data={"a": SecretValue("2")}, annotations={})
        assert after.data_owner != before.data_owner

    async def test_it_changes_when_managed_fields_are_cleared(
        self, store: SecretStore, admin: Admin
    ) -> None:
        before = await written(store, admin.namespace)
        patch = '{"metadata": {"managedFields": [{}]}}'
        admin("patch", "secret", NAME, "--type=merge", "-p", patch)
        assert (await present(store, admin.namespace)).data_owner != before.data_owner

    async def test_it_stays_when_labels_and_annotations_change(
        self, store: SecretStore, admin: Admin
    ) -> None:
        before = await written(store, admin.namespace)
        await next_second(store, before)
        admin("label", "secret", NAME, "team=a")
        admin("annotate", "secret", NAME, "note=b")
        admin("label", "secret", NAME, "team-")
        after = await present(store, admin.namespace)
        assert after.resource_version != before.resource_version
        assert after.data_owner == before.data_owner


class TestPermissions:
    async def test_a_role_limited_to_names_is_enough_for_a_secrets_whole_life(
        self, cluster: ControlPlane, admin: Admin
    ) -> None:
        verbs = ["get", "create", "patch", "update"]
        rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": verbs}
        account = "limited"
        admin.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}},
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": account},
                "rules": [{**rule, "resourceNames": [NAME]}],
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": account},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": account,
                },
                "subjects": [{"kind": "ServiceAccount", "name": account}],
            },
        )
        token = admin("create", "token", account).strip()

        async def may() -> bool:
            user = f"--as=system:serviceaccount:{admin.namespace}:{account}"
            return admin.try_run("auth", "can-i", "update", f"secret/{NAME}", user).returncode == 0

        await until("the role is known", may)
        kubeconfig = cluster.kubeconfig_for(token, admin.namespace)
        async with await KubeApi.connect(kubeconfig) as api:
            store = SecretStore(api)
            assert await store.read(admin.namespace, NAME) is None
            await written(store, admin.namespace, a=VALUE)
            assert (await present(store, admin.namespace)).data == {"a": SecretValue(VALUE)}
            with pytest.raises(AccessDeniedError, match='create and patch secrets "other"'):
                await store.create_empty(admin.namespace, "other", annotations={})
            with pytest.raises(AccessDeniedError, match='get secrets "other"'):
                await store.read(admin.namespace, "other")
            with pytest.raises(AccessDeniedError, match="list pods"):
                await WorkloadStore(api).consumers(Search(admin.namespace, NAME, STAMP, ACK))
            event = KubernetesEvent("Normal", Reason.SECRET_ADDED, "denied and not raised")
            key = ResourceKey(admin.namespace, NAME)
            await EventRecorder(api, SystemClock()).record(key, "u", event)


ENV = {"name": "A", "valueFrom": {"secretKeyRef": {"name": NAME, "key": "a"}}}
APP = {"name": "app", "image": "example.test/app:1"}


def pod_spec(**parts: Any) -> dict[str, Any]:
    return {"containers": [APP], "terminationGracePeriodSeconds": 1, **parts}


def workload(kind: str, name: str, spec: dict[str, Any], **parts: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    body = {"selector": {"matchLabels": labels}, "template": template, **parts}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": body}


USING_ENV = pod_spec(containers=[{**APP, "env": [ENV]}])
USING_ENV_FROM = pod_spec(
    initContainers=[{**APP, "name": "init", "envFrom": [{"secretRef": {"name": NAME}}]}]
)
USING_VOLUME = pod_spec(volumes=[{"name": "v", "secret": {"secretName": NAME}}])
USING_PROJECTED = pod_spec(
    volumes=[{"name": "v", "projected": {"sources": [{"secret": {"name": NAME}}]}}]
)


async def consumers(kube: KubeApi, namespace: str) -> Consumers:
    return await WorkloadStore(kube).consumers(Search(namespace, NAME, STAMP, ACK))


async def found(kube: KubeApi, namespace: str, ref: str) -> Workload:
    every = await consumers(kube, namespace)
    return next(one for one in every.workloads if str(one.ref) == ref)


class TestWorkloads:
    async def test_everything_that_refers_to_the_secret_is_found(
        self, kube: KubeApi, admin: Admin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kube_api, "PAGE", 2)
        admin("create", "secret", "generic", NAME, "--from-literal=a=1")
        done = {"annotations": {"cluster.test/complete-after": "0s"}}
        job_pod = {"metadata": done, "spec": {**USING_ENV, "restartPolicy": "Never"}}
        admin.apply(
            workload("Deployment", "web", USING_ENV, replicas=3),
            workload("Deployment", "other", pod_spec()),
            workload("StatefulSet", "db", USING_VOLUME, replicas=2, serviceName="db"),
            workload("DaemonSet", "agent", USING_ENV_FROM),
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "nightly"},
                "spec": {"template": job_pod},
            },
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": "bare"},
                "spec": USING_PROJECTED,
            },
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "no"}, "spec": pod_spec()},
        )

        async def settled() -> Consumers | None:
            every = await consumers(kube, admin.namespace)
            is_done = all(one.progress is Progress.COMPLETE for one in every.workloads)
            has_ended = any(one.finished for one in every.pods)
            return every if is_done and has_ended else None

        every = await until("all workloads are rolled out", settled)
        assert {str(one.ref) for one in every.workloads} == {
            "Deployment/web",
            "StatefulSet/db",
            "DaemonSet/agent",
            "Job/nightly",
        }
        owners = [str(one.owner) for one in every.pods]
        assert {owner: owners.count(owner) for owner in owners if "agent" not in owner} == {
            "Deployment/web": 3,
            "StatefulSet/db": 2,
            "Job/nightly": 1,
            "None": 1,
        }
        assert "DaemonSet/agent" in owners
        assert {str(one.owner) for one in every.pods if one.finished} == {"Job/nightly"}
        assert not any(one.terminating for one in every.pods)
        assert all(one.created_at <= every.read_at for one in every.pods)

    async def test_a_stamp_rolls_a_workload_out_once(self, kube: KubeApi, admin: Admin) -> None:
        admin("create", "secret", "generic", NAME, "--from-literal=a=1")
        admin.apply(
            workload("Deployment", "web", USING_ENV, replicas=2),
            workload("StatefulSet", "db", USING_ENV, replicas=1, serviceName="db"),
            workload("DaemonSet", "agent", USING_ENV),
        )

        async def rolled_out() -> Consumers | None:
            every = await consumers(kube, admin.namespace)
            is_done = all(one.progress is Progress.COMPLETE for one in every.workloads)
            return every if is_done and len(every.pods) >= 4 else None

        before = await until("all workloads are rolled out", rolled_out)
        assert {one.stamp for one in before.workloads} == {None}
        for one in before.workloads:
            await stamped(kube, admin.namespace, one)
        old = {one.uid for one in before.pods}

        async def replaced() -> Consumers | None:
            every: Consumers | None = await rolled_out()
            return every if every and old.isdisjoint(one.uid for one in every.pods) else None

        after = await until("all pods are new", replaced)
        assert {one.stamp for one in after.workloads} == {"B.7"}

    async def test_a_stamp_is_not_put_on_a_workload_that_changed(
        self, kube: KubeApi, admin: Admin
    ) -> None:
        store = WorkloadStore(kube)
        deployment = workload("Deployment", "web", USING_ENV, replicas=0)
        admin.apply(deployment)
        before = await found(kube, admin.namespace, "Deployment/web")
        admin("scale", "deployment", "web", "--replicas=1")
        with pytest.raises(ConflictError):
            await store.stamp(admin.namespace, before, key=STAMP, value="B.7")
        admin("delete", "deployment", "web")
        with pytest.raises(ConflictError):
            await store.stamp(admin.namespace, before, key=STAMP, value="B.7")
        admin.apply(deployment)
        again = await found(kube, admin.namespace, "Deployment/web")
        for stale in (before, replace(again, uid=before.uid)):
            with pytest.raises(ConflictError):
                await store.stamp(admin.namespace, stale, key=STAMP, value="B.7")
        assert (await found(kube, admin.namespace, "Deployment/web")).stamp is None

    async def test_workloads_that_wait_for_a_person_are_told_as_paused(
        self, kube: KubeApi, admin: Admin
    ) -> None:
        admin("create", "secret", "generic", NAME, "--from-literal=a=1")
        partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
        on_delete = {"type": "OnDelete"}
        admin.apply(
            workload("Deployment", "web", USING_ENV),
            workload(
                "StatefulSet",
                "db",
                USING_ENV,
                replicas=2,
                serviceName="db",
                updateStrategy=partition,
            ),
            workload("StatefulSet", "kv", USING_ENV, serviceName="kv", updateStrategy=on_delete),
            workload("DaemonSet", "agent", USING_ENV, updateStrategy=on_delete),
        )

        async def all_are(progress: Progress) -> Consumers | None:
            every = await consumers(kube, admin.namespace)
            return every if {one.progress for one in every.workloads} == {progress} else None

        await until("complete", lambda: all_are(Progress.COMPLETE))
        admin("rollout", "pause", "deployment", "web")
        for one in (await consumers(kube, admin.namespace)).workloads:
            await stamped(kube, admin.namespace, one)
        paused = await until("paused", lambda: all_are(Progress.PAUSED))
        details = {str(one.ref): one.detail.partition(" ")[0] for one in paused.workloads}
        assert details == {
            "Deployment/web": "paused",
            "StatefulSet/db": "partition",
            "StatefulSet/kv": "OnDelete",
            "DaemonSet/agent": "OnDelete",
        }


async def stamped(kube: KubeApi, namespace: str, one: Workload) -> None:
    """Stamp a workload, as it is read anew until its controllers leave it alone."""
    store, ref = WorkloadStore(kube), one.ref

    async def stamp() -> bool:
        now = await found(kube, namespace, str(ref))
        try:
            await store.stamp(namespace, now, key=STAMP, value="B.7")
        except ConflictError:
            return False
        return True

    await until(f"{ref} is stamped", stamp)


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def resource(name: str = NAME) -> dict[str, Any]:
    return {
        "apiVersion": "cognito-secrets.dev/v1alpha1",
        "kind": "CognitoClientSecret",
        "metadata": {"name": name},
        "spec": {"userPoolId": "eu-west-1_AbCdEfGhI", "clientId": "1example23456789"},
    }


class TestResources:
    async def test_status_is_written_only_over_what_was_read(
        self, kube: KubeApi, admin: Admin
    ) -> None:
        store, key = ResourceStore(kube), ResourceKey(admin.namespace, NAME)
        assert await store.read(key) is None
        admin.apply(resource())
        read = await store.read(key)
        assert read is not None
        metadata = read.body["metadata"]
        at = {"uid": metadata["uid"], "resource_version": metadata["resourceVersion"]}
        await store.write_status(key, **at, status={"observedGeneration": 1, "step": "Idle"})
        with pytest.raises(ConflictError):
            await store.write_status(key, **at, status={"observedGeneration": 2})
        read = await store.read(key)
        assert read is not None
        assert read.body["status"] == {"observedGeneration": 1, "step": "Idle"}
        assert read.body["metadata"]["generation"] == 1
        at["resource_version"] = read.body["metadata"]["resourceVersion"]
        await store.write_status(key, **at, status={"step": None})
        read = await store.read(key)
        assert read is not None
        assert read.body["status"] == {"observedGeneration": 1}
        admin("delete", "ccs", NAME)
        with pytest.raises(ConflictError):
            await store.write_status(key, **at, status={})
        admin.apply(resource())
        with pytest.raises(ConflictError):
            await store.write_status(key, **at, status={"observedGeneration": 9})

    async def test_every_resource_is_listed_over_all_pages(
        self, kube: KubeApi, admin: Admin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kube_api, "PAGE", 2)
        names = {f"{NAME}-{number}" for number in range(5)}
        admin.apply(*(resource(name) for name in names))
        for namespaces in (None, [admin.namespace]):
            listed = await ResourceStore(kube).list_all(namespaces)
            ours = [
                one.body for one in listed if one.body["metadata"]["namespace"] == admin.namespace
            ]
            assert {one["metadata"]["name"] for one in ours} == names
            assert all(one["kind"] == "CognitoClientSecret" for one in ours)

    async def test_a_resource_type_that_is_not_there_is_said(
        self, kube: KubeApi, namespace: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("cognito_secret_operator.adapters.resources.PLURAL", "nothings")
        with pytest.raises(NotFoundError, match="install crds/"):
            await ResourceStore(kube).list_all()
        with pytest.raises(NotFoundError, match="install crds/"):
            await ResourceStore(kube).read(ResourceKey(namespace, NAME))


class TestEvents:
    async def test_an_event_repeated_is_one_event_counted_twice(
        self, kube: KubeApi, admin: Admin
    ) -> None:
        recorder = EventRecorder(kube, SystemClock())
        key = ResourceKey(admin.namespace, NAME)
        event = KubernetesEvent("Warning", Reason.SLOTS_BLOCKED, "ü" * 3000)
        await recorder.record(key, "u-1", event)
        await recorder.record(key, "u-1", event)
        path = "jsonpath={range .items[*]}{.reason} {.count} {.involvedObject.uid}{'\\n'}{end}"
        assert admin("get", "events", "-o", path).split() == ["SlotsBlocked", "2", "u-1"]
