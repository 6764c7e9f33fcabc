"""Shows the main job from beginning to end, and proves it by asking Cognito at the end."""

import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from demo.timeline import Timeline, stamp_of
from emulator.process import Client, CognitoEmulator
from harness.operator_process import OperatorProcess
from harness.shop import CRDS, Kubectl, Shop, application, open_shop

NAME: Final = "orders-api"
AGE: Final = timedelta(days=91)


def main() -> int:
    """Run the demo; its exit status is 0 only when every claim was checked."""
    print("Starting a control plane (the first run builds it, which takes minutes)", flush=True)
    workdir = Path(tempfile.mkdtemp(prefix="cognito-demo-"))
    with ControlPlane() as cluster, CognitoEmulator() as cognito:
        kubectl = Kubectl(cluster)
        kubectl("apply", "-f", str(CRDS))
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        with AdminApi(cluster.url, cluster.ca_file, cluster.admin_token) as api:
            shop = open_shop(cluster, cognito, api)
            operator = OperatorProcess(
                kubeconfig=shop.kubeconfig,
                namespaces=(shop.namespace,),
                environment={**cognito.environment, "CSO_SETTLE_SECONDS": "3"},
                workdir=workdir,
            )
            with operator:
                _rotate_twice(shop)
    shutil.rmtree(workdir)
    return 0


def _rotate_twice(shop: Shop) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=AGE)
    first = shop.active_ids(client)[0]
    with Timeline(shop, client, NAME) as timeline:
        timeline.say(f"a client whose secret {timeline.letter(first)} is {AGE.days} days old,")
        timeline.say("a Deployment of 3 pods that use Secret orders-api, and a resource: applied")
        shop.apply(
            application("orders"),
            shop.resource(client, NAME, retirement={"minOverlap": "3s"}, adoption={}),
        )
        shop.wait("the first rotation waits for approval", lambda: _awaits_approval(shop))
        timeline.say(f"approving the deletion of {timeline.letter(first)}, which was adopted:")
        timeline.say(f"  kubectl annotate ccs {NAME} cognito-secrets.dev/approve={first}")
        shop.annotate(NAME, approve=first)
        second = shop.wait_rotated(client, [first])
        _prove(shop, client, timeline, second, gone=[client.value])
        second_value = shop.secret()["client-secret"]
        timeline.say("asking for a rotation by hand:")
        timeline.say(f"  kubectl annotate ccs {NAME} cognito-secrets.dev/rotate=drill-1")
        shop.annotate(NAME, rotate="drill-1")
        third = shop.wait_rotated(client, [first, second])
        _prove(shop, client, timeline, third, gone=[client.value, second_value])
    print(shop.kubectl("get", "ccs", "-n", shop.namespace), flush=True)
    print("Both rotations are complete: nothing old is accepted, nothing new is refused.")


def _awaits_approval(shop: Shop) -> bool:
    return shop.condition("Rotating", NAME).get("reason") == "AwaitingApproval"


def _prove(
    shop: Shop, client: Client, timeline: Timeline, current: str, gone: list[str | None]
) -> None:
    """Ask Cognito and the cluster themselves.

    Raises:
        AssertionError: something does not hold.

    """
    value = shop.secret()["client-secret"]
    assert shop.cognito.accepted_id(client.client_id, value) == current, "the new one is refused"
    for old in gone:
        assert old is not None
        assert not shop.cognito.accepts(client.client_id, old), "an old one is accepted"
    stamps = {stamp_of(pod, NAME).rpartition(".")[0] for pod in shop.pods()}
    assert stamps == {current}, f"pods carry {stamps}"
    letter = timeline.letter(current)
    pods = len(shop.pods())
    timeline.say(f"proved   Cognito accepts the Secret's value, which is {letter}, and refuses the")
    timeline.say(f"         {len(gone)} before it; all {pods} pods carry {letter}'s stamp")


if __name__ == "__main__":
    sys.exit(main())
