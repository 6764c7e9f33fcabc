"""What happens to a release while applications sign in: each scenario asserts, then says a line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from cluster.api import AdminApi, ApiError
from e2e import release
from e2e.rotating import rotate_once, rotating, secrets_ever
from e2e.shop import NAMESPACE, Application
from e2e.stage import Stage, say
from e2e.surroundings import HOST_ALIASES

ACCOUNT: Final = f"system:serviceaccount:{release.NAMESPACE}:{release.NAME}"


@dataclass
class Scene:
    """The release and the applications, as the last scenario has left them."""

    stage: Stage
    applications: list[Application]
    rules: list[dict[str, Any]]
    """Of the allow-list."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Values that were changed."""

    def upgrade(self, **changes: Any) -> str:
        """Upgrade the release by changed values, which stay; give helm's words."""
        self.changes.update(changes)
        given = release.values(**release.allow(*self.rules), **self.changes)
        return release.install(self.stage, given)

    def operator_pods(self) -> set[str]:
        """Give the uids of the operator's pods that are not on their way out."""
        pods = self.stage.pods(release.NAMESPACE, "app.kubernetes.io/component=operator")
        return {
            pod["metadata"]["uid"] for pod in pods if "deletionTimestamp" not in pod["metadata"]
        }

    def wait_for_new_pods(self, before: set[str]) -> None:
        """Wait until none of the operator's pods *before* is left, and new ones are ready.

        Helm's wait may end while the last pod of the former kind is not yet on its way out.
        """

        def are_new() -> bool:
            uids = self.operator_pods()
            return bool(uids) and uids.isdisjoint(before)

        self.stage.wait("new pods are there", are_new)
        self.stage.roll_out(release.NAMESPACE, f"deployment/{release.NAME}")

    def wait_for_a_look(self) -> None:
        """Change every resource a little, and wait until the present operator has looked at it."""
        for one in self.applications:
            # One that a former operator has reported cannot tell by its status who did.
            one.change(retirement={"maxOverlap": "70h"})
            self.stage.wait(f"{one.name} was looked at", one.was_looked_at)
            self.stage.wait(f"{one.name} is ready", one.is_ready)

    def can(self, verb: str, what: str) -> bool:
        """Ask the API server whether the operator may do something in the shop's namespace.

        Raises:
            AssertionError: there was no answer, which is no "no".

        """
        words = ("auth", "can-i", verb, what, "-n", NAMESPACE, "--as", ACCOUNT)
        done = self.stage.kubectl.try_run(*words)
        answer = (done.returncode, done.stdout.strip())
        assert answer in {(0, "yes"), (1, "no")}, f"{' '.join(words)}: {done.stderr}{done.stdout}"
        return answer == (0, "yes")


def upgrade_in_the_middle(scene: Scene) -> str:
    """Upgrade with changed values, which replaces the pods, while rotations are on."""
    before = scene.operator_pods()
    path = f"/api/v1/namespaces/{release.NAMESPACE}/services/{release.NAME}"
    address = scene.stage.get(path)["spec"]["clusterIP"]
    with rotating(scene.stage, scene.applications, held=scene.applications[:1]):
        # Without a DNS `helm test` finds the Service by this.
        scene.upgrade(hostAliases=[*HOST_ALIASES, {"ip": address, "hostnames": [release.NAME]}])
        scene.wait_for_new_pods(before)
    return "helm upgrade in the middle of rotations: new pods, one new secret and one restart each"


def rollback_in_the_middle(scene: Scene) -> str:
    """Go back to the former revision and forth again while rotations are on."""
    before = scene.operator_pods()
    with rotating(scene.stage, scene.applications, held=scene.applications[1:2]):
        scene.stage.helm("rollback", release.NAME, "--namespace", release.NAMESPACE, "--wait")
        scene.wait_for_new_pods(before)
    scene.upgrade()
    return "helm rollback in the middle of rotations: new pods, one new secret and one restart each"


def kill_in_the_middle(scene: Scene) -> str:
    """Kill every pod of the operator, by force, while rotations are on."""
    before = scene.operator_pods()
    with rotating(scene.stage, scene.applications, held=scene.applications[2:]):
        words = ("delete", "pods", "--all", "-n", release.NAMESPACE)
        scene.stage.kubectl(*words, "--grace-period=0", "--force")
        scene.wait_for_new_pods(before)
    return (
        "all operator pods killed in the middle of rotations: one new secret and one restart each"
    )


def freeze_and_thaw(scene: Scene) -> str:
    """Freeze by `helm upgrade`, ask for rotations, and thaw: no pod is replaced for it."""
    before, applications = scene.operator_pods(), scene.applications
    ever = [secrets_ever(one) for one in applications]
    scene.upgrade(freeze="INC-42")
    for one in applications:
        scene.stage.wait(f"{one.name} is frozen", partial(is_told, one, "INC-42"))
        one.ask_for_rotation("while-frozen")
    for one in applications:
        # A pass that has seen this change has seen the request before it.
        one.change(retirement={"maxOverlap": "71h"})
        scene.stage.wait(f"{one.name} was looked at", one.was_looked_at)
    assert [secrets_ever(one) for one in applications] == ever, "frozen, and yet a secret was added"
    scene.upgrade(freeze="false")
    for one, known in zip(applications, ever, strict=True):
        former = [known[-1]]
        scene.stage.wait(f"{one.name} goes on", partial(one.is_rotated, former))
    assert scene.operator_pods() == before, "a pod was replaced"
    return "freeze switch on and off by helm upgrade: nothing moved meanwhile, no pod was replaced"


def helm_test(scene: Scene) -> str:
    """Run the chart's own test."""
    words = ("test", release.NAME, "--namespace", release.NAMESPACE, "--logs")
    said = scene.stage.helm(*words)
    assert "Succeeded" in said, said
    return "helm test: succeeded"


def uninstall_and_reinstall(scene: Scene) -> str:
    """Uninstall: nothing is stuck or lost. Install again: nothing rotates by itself."""
    stage, applications = scene.stage, scene.applications
    kept = {one.name: _kept(one) for one in applications}
    release.uninstall(stage)
    assert {one.name: _kept(one) for one in applications} == kept, "a Secret or secret is lost"
    stage.kubectl("get", "crd", "cognitoclientsecrets.cognito-secrets.dev")
    stage.kubectl("delete", "namespace", release.NAMESPACE, "--timeout=120s")
    release.prepare(stage)
    scene.changes.clear()
    scene.upgrade()
    scene.wait_for_a_look()
    assert {one.name: _kept(one) for one in applications} == kept, "the new release wrote"
    rotate_once(stage, applications)
    return "helm uninstall: Secrets, journals and resources kept; installed again, it goes on"


def namespaced_mode(scene: Scene) -> str:
    """Serve one namespace without any ClusterRole."""
    scene.upgrade(watch={"namespaces": [NAMESPACE]})
    label = f"app.kubernetes.io/instance={release.NAME}"
    kinds = "clusterroles,clusterrolebindings"
    assert not scene.stage.kubectl("get", kinds, "-l", label, "-o", "name").strip()
    assert scene.can("get", "secrets")
    assert not scene.can("list", "secrets")
    rotate_once(scene.stage, scene.applications)
    return "namespaced mode: no ClusterRole; a rotation each"


def strict_mode(scene: Scene) -> str:
    """Grant Secrets by name only."""
    names = [one.name for one in scene.applications]
    journals = [f"{name}-cognito-journal" for name in names]
    scene.upgrade(rbac={"secretNames": {NAMESPACE: [*names, *journals]}})
    assert scene.can("get", "secrets/machine")
    assert not scene.can("get", "secrets/ada"), "another Secret of the namespace can be read"
    assert scene.can("patch", "secrets/machine")
    assert not scene.can("create", "secrets")
    assert scene.can("list", "pods")
    assert not scene.can("list", "secrets")
    rotate_once(scene.stage, scene.applications)
    return "strict mode: Secrets granted by name only; a rotation each"


def bound_writes(scene: Scene) -> str:
    """Bind by admission policies what the operator may write to workloads."""
    scene.upgrade(admissionPolicy={"enabled": True})
    stage = scene.stage
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/machine?dryRun=All"
    patch = {"spec": {"template": {"metadata": {"labels": {"ours": "no"}}}}}
    token = stage.kubectl("create", "token", release.NAME, "-n", release.NAMESPACE).strip()

    def refusal() -> str | None:
        """Give the refusal, once the API server knows the policies; a dry run changes nothing."""
        with AdminApi(stage.plane.url, stage.plane.ca_file, token) as operator:
            try:
                operator.patch(path, patch)
            except ApiError as error:
                return str(error)
        return None

    said = stage.wait("its patch of a label is refused", refusal)
    assert "ValidatingAdmissionPolicy" in said, said
    rotate_once(stage, scene.applications)
    return "admission policies: nothing of a workload but the stamp; a rotation each"


def values_stay_inside(scene: Scene) -> str:
    """Look for the values of the Secrets in what every pod has logged, and in all events."""
    stage = scene.stage
    values = {
        value
        for one in scene.applications
        for key, value in stage.secret(NAMESPACE, one.name).items()
        if key.startswith("client-secret")
    }
    told = [stage.kubectl("get", "events", "-A", "-o", "yaml")]
    for namespace in stage.namespaces:
        names = [pod["metadata"]["name"] for pod in stage.pods(namespace)]
        told += [stage.kubectl.try_run("logs", "-n", namespace, name).stdout for name in names]
    assert all(len(value) >= 24 for value in values)
    assert any("acknowledged" in text for text in told), "no pod's log was read"
    assert not [value for value in values for text in told if value in text]
    return f"no secret value in the logs of {len(told) - 1} pods or in the events"


SCENARIOS: Final[tuple[Callable[[Scene], str], ...]] = (
    upgrade_in_the_middle,
    helm_test,
    rollback_in_the_middle,
    freeze_and_thaw,
    kill_in_the_middle,
    uninstall_and_reinstall,
    namespaced_mode,
    strict_mode,
    bound_writes,
    values_stay_inside,
)


def play(scene: Scene) -> None:
    """Play all scenarios, one after the other; the first that fails ends the run."""
    for scenario in SCENARIOS:
        say(f"✓ {scenario(scene)}")


def leave(scene: Scene) -> None:
    """Take the release away for good: nothing is stuck, and its namespaces can be deleted."""
    release.uninstall(scene.stage)
    for namespace in (NAMESPACE, release.NAMESPACE):
        scene.stage.kubectl("delete", "namespace", namespace, "--timeout=120s")
        scene.stage.namespaces.remove(namespace)
    assert not scene.stage.kubectl("get", "ccs", "-A", "-o", "name").strip()
    say("✓ helm uninstall for good: the namespaces with all resources and Secrets are deleted")


def is_told(application: Application, word: str) -> bool:
    """Tell whether what a resource waits for names a word."""
    waits: dict[str, str] = application.status().get("waitsFor") or {}
    return word in waits.get("message", "")


def _kept(application: Application) -> tuple[object, ...]:
    """Give what has to outlive the operator: target, journal, what Cognito has, the pods."""
    stage, name = application.stage, application.name
    journal = stage.secret(NAMESPACE, f"{name}-cognito-journal")
    target = stage.secret(NAMESPACE, name)
    return target, journal["journal.json"], application.active_ids(), application.generation()
