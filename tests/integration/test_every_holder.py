"""Every kind of holder at the same time, in one namespace with one Secret, as a film.

The film is compared with ``testdata/every_holder.txt``. After a change that was meant to be, remake
it and read the difference::

    REMAKE_FILMS=1 .venv/bin/python -m pytest -m integration tests/integration/test_every_holder.py
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from cluster.control_plane import ControlPlane
from emulator.process import Client
from harness.argo import allow_rollouts, install_rollouts, rollouts_controller
from harness.consumers import (
    COMPLETE_AFTER,
    argo_rollout,
    bare_pod,
    cron_job,
    file_reader,
    job,
    listed,
)
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

GOLDEN: Final = Path(__file__).parent / "testdata" / "every_holder.txt"
STUCK: Final = "cluster.test/stuck"
GRACE_SECONDS: Final = 60

WORKLOADS: Final = (
    application("web", replicas=1),
    application("store", kind="StatefulSet", replicas=1),
    application("agent", kind="DaemonSet"),
    application("slow", replicas=1, grace_seconds=GRACE_SECONDS),
    argo_rollout("checkout"),
    job("import"),
    cron_job("nightly"),
    bare_pod("shell"),
    {**bare_pod("reader"), "spec": file_reader("reader")["spec"]["template"]["spec"]},
)
KINDS: Final = {one["metadata"]["name"]: one["kind"] for one in WORKLOADS}
RESTARTED: Final = ("web", "store", "agent", "checkout")
"""Whose pods go at once when they are replaced."""


@dataclass
class Film:
    """Who held the previous secret, from one intervention to the next; nothing that varies."""

    shop: Shop
    client: Client
    lines: list[str] = field(default_factory=list)

    def holders(self) -> set[str] | None:
        """Name the owners of the pods that status names; None while nobody was asked."""
        told = self.shop.status().get("podsToMove")
        if told is None:
            return None
        assert told["count"] == len(told["names"]), "status names all of them"
        names = [name.removeprefix("Pod/") for name in told["names"]]
        apps = [next(app for app in KINDS if name.startswith(app)) for name in names]
        return {f"{KINDS[app]}/{app}" for app in apps}

    def wait_without(self, *apps: str) -> None:
        """Wait until none of *apps* is named, then film who is."""

        def gone() -> bool:
            found = self.holders()
            return found is not None and found.isdisjoint(f"{KINDS[app]}/{app}" for app in apps)

        self.shop.wait(f"{apps} hold nothing", gone)
        self.look()

    def look(self) -> None:
        """Film the state as it is."""
        count = len(self.shop.active_ids(self.client))
        held = ", ".join(sorted(self.holders() or ())) or "nobody"
        rotating = self.shop.condition("Rotating")["reason"]
        ready = self.shop.condition("Ready")["status"]
        self.lines.append(f"   held by: {held}")
        self.lines.append(f"   {rotating}; Ready {ready}; secrets at Cognito: {count}")

    def note(self, what: str) -> None:
        """Film what somebody does."""
        self.lines.append(f"== {what}")

    def text(self) -> str:
        """Give the whole film."""
        return "\n".join(self.lines) + "\n"


def wait_for_pods(shop: Shop) -> None:
    """Wait until every workload that runs anything has a running pod."""
    apps = KINDS.keys() - {"nightly"}

    def running() -> bool:
        labels = [
            pod["metadata"]["labels"]["app"]
            for pod in shop.pods()
            if pod["status"].get("phase") == "Running"
        ]
        return apps <= set(labels)

    shop.wait("all pods run", running)


def annotate_pods(shop: Shop, app: str, text: str) -> None:
    where = ("-n", shop.namespace, "-l", f"app={app}")
    shop.kubectl("annotate", "pod", *where, text)


def restarted(shop: Shop) -> str:
    """Name what the operator says that it restarted."""
    events = [event for event in shop.events() if event["reason"] == "WorkloadRestarted"]
    assert all(event.get("count", 1) == 1 for event in events), "each of them once"
    return ", ".join(sorted(event["message"].split()[1] for event in events))


def test_the_slowest_of_all_holders_decides_when_the_previous_secret_goes(
    cluster: ControlPlane, shop: Shop, start_operator: Callable[..., OperatorProcess]
) -> None:
    install_rollouts(cluster)
    allow_rollouts(shop)
    client = shop.cognito.create_client(shop.pool_id)
    consumers = {"mode": "Listed", "workloads": [listed(one) for one in WORKLOADS]}
    resource = shop.resource(
        client, rollout={"consumers": consumers}, retirement={"minOverlap": "5s"}
    )
    film = Film(shop, client)
    with rollouts_controller(cluster, shop):
        shop.apply(*WORKLOADS)
        wait_for_pods(shop)
        annotate_pods(shop, "slow", f"{STUCK}=true")
        shop.apply(resource)
        start_operator()
        first = shop.wait_ready(client)

        film.note("a rotation is asked for; the operator restarts what can be restarted")
        shop.annotate("orders-api", rotate="drill-1")
        shop.wait("it rolls out", lambda: shop.status().get("step") == "RollingOut")
        film.wait_without(*RESTARTED)
        film.lines.append(f"   restarted: {restarted(shop)}")
        message = shop.status()["waitsFor"]["message"]
        assert "ends by itself (Job/import)" in message
        assert "the operator does not restart Pod/" in message

        film.note("a person deletes the bare pod")
        shop.kubectl("delete", "pod", "shell", "-n", shop.namespace)
        film.wait_without("shell")

        film.note("the Job's pod ends")
        annotate_pods(shop, "import", f"{COMPLETE_AFTER}=0s")
        film.wait_without("import")

        film.note("the pod that reads files acknowledges by both of its containers")
        number = shop.status()["publication"]
        ack = f"cognito-secrets.dev/orders-api.ack=app={number},sidecar={number}"
        annotate_pods(shop, "reader", ack)
        film.wait_without("reader")

        film.note(f"the terminating pod has used up its grace of {GRACE_SECONDS} s")
        annotate_pods(shop, "slow", f"{STUCK}-")
        shop.wait(
            "the overlap runs", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning"
        )
        film.look()

        film.note("the overlap is over")
        shop.wait_rotated(client, first)
        film.look()
        film.lines.append(f"   restarted: {restarted(shop)}")
    told = f"{__doc__.splitlines()[0]}\n\n{film.text()}"
    if os.environ.get("REMAKE_FILMS"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(told, encoding="utf-8")
    assert told == GOLDEN.read_text(encoding="utf-8")
