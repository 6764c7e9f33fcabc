"""The stage of the story: a cluster, an emulated Cognito, the operator, and Prometheus over it."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cluster.waiting import wait_for
from dashboards.rendering import ROOT, grafana_groups, rule_groups, source
from emulator.knobs import FOREVER
from emulator.process import Client
from harness.operator_process import OperatorProcess
from harness.shop import ACCESS, Shop, application
from story.prometheus import Prometheus

PATIENCE: Final = 180
"""Seconds that an alert gets to fire or to end on a busy machine."""

RUNBOOKS: Final = ROOT / "docs" / "runbooks"
LEASE: Final = "cognito-secret-operator"
SPANS: Final[Mapping[str, str]] = {
    "CSO_LIST_PERIOD_SECONDS": "4",
    "CSO_MISSING_GRACE_SECONDS": "2",
    "CSO_LIST_DISTRUST_SECONDS": "2",
    "CSO_LIST_LAG_SECONDS": "1",
    "CSO_REFUSAL_GRACE_SECONDS": "2",
    "CSO_RETRY_AFTER_FAILURE_SECONDS": "3600",
    "CSO_WORKERS": "3",
}
QUIET: Final[Mapping[str, Mapping[str, Any]]] = {
    "CognitoClientSecretNotReady": {"for": "10s"},
    "CognitoClientSecretAwaitingApproval": {"for": "2s"},
    "CognitoClientSecretTwoActiveTooLong": {"for": "2s"},
    # As with the shipped one and a short window: by then that is closed, and the date has moved on.
    "CognitoClientSecretRotationOverdue": {"for": "2s", "seconds": 60},
    "CognitoClientSecretRotationStuck": {"for": "2s", "seconds": 20, "overlapShare": 1},
    "CognitoClientSecretPodsOnPrevious": {"for": "2s", "seconds": 20, "overlapShare": 1},
    # As at the shipped thresholds, longer than a List period: a restart begins with an old date.
    "CognitoClientSecretNotObserved": {"for": "15s", "seconds": 35},
    "CognitoSecretOperatorDown": {"for": "25s"},
    "CognitoSecretOperatorNoLeader": {"for": "20s", "window": "5s"},
    "CognitoSecretOperatorManyLeaders": {"for": "3s"},
    "CognitoSecretOperatorBacklog": {"for": "5s", "seconds": 15},
    "CognitoSecretOperatorThrottled": {"for": "1s", "window": "10s", "share": 0.02},
    "CognitoSecretOperatorAccessDenied": {"for": "1s", "window": "10s"},
    "CognitoSecretOperatorRotationsFailed": {"window": "10s"},
    "CognitoSecretOperatorForcedRetirement": {"window": "10s"},
    "CognitoSecretOperatorDrift": {"window": "10s"},
}
"""Thresholds for a story of minutes; every other alert waits for two seconds."""


def short_alerts() -> dict[str, Any]:
    """Give the values by which the chart renders the alerts for the story."""
    every = {one["alert"]: {"for": "2s"} for one in source() if one["for"] != "0s"}
    return {"lookback": "5s", "overrides": {**every, **QUIET}}


@dataclass
class Scene:
    """A span in which an alert was wanted, and by whom."""

    alert: str
    began: float
    ended: float = 0.0


@dataclass
class Stage:
    """Everything that an act moves, and what it is seen by."""

    shop: Shop
    prometheus: Prometheus
    workdir: Path
    clients: dict[str, Client] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)
    diagnosed: set[str] = field(default_factory=set)
    started: list[OperatorProcess] = field(default_factory=list)
    failures: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    opened: float = 0.0
    """When everything was adopted. On a busy machine that alone is a backlog."""

    busiest: float = 0.0
    """The moment at which all resources are in the state of their acts."""

    def __post_init__(self) -> None:
        """Read the rules as Grafana gets them, for a second look at each alert."""
        self.grafana = {
            rule["title"]: rule["data"][0]["model"]["expr"]
            for group in grafana_groups(**short_alerts())
            for rule in group["rules"]
        }
        self.freeze = self.workdir / "freeze"
        self.allow = self.workdir / "allow.yaml"
        self.say("the stage is set")

    def say(self, text: str) -> None:
        """Tell the audience how far the story is."""
        print(f"[story] {time.time() - self.began:6.1f} s  {text}", flush=True)

    # --- the cast ---

    def cast(self, name: str, *, age: timedelta) -> None:
        """Make a client in a pool of its own."""
        pool = self.shop.cognito.create_pool(name)
        self.clients[name] = self.shop.cognito.create_client(pool, age=age)

    def roles(self, name: str, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Write the resource of a client, and an application that waits for its Secret."""
        resource = self.shop.resource(self.clients[name], name, **spec)
        return [application(f"app-{name}", replicas=1, secret=name), resource]

    def change(self, name: str, spec: Mapping[str, Any]) -> None:
        """Change a resource's spec."""
        patch = json.dumps({"spec": spec})
        where = ("-n", self.shop.namespace)
        self.shop.kubectl("patch", "ccs", name, *where, "--type=merge", "-p", patch)

    def is_ready(self, name: str) -> bool:
        """Tell whether a resource is adopted and usable."""
        return bool(self.shop.condition("Ready", name).get("status") == "True")

    def secret_id(self, name: str, role: str) -> str:
        """Give the id of a resource's secret in a role, as status shows it; empty for none."""
        secrets = self.shop.status(name).get("secrets") or ()
        return next((str(one["id"]) for one in secrets if one["role"] == role), "")

    def fail(self, operation: str, code: str, name: str) -> None:
        """Let every such call about a resource's client fail from now on."""
        failure = {"code": code, "count": FOREVER, "client": self.clients[name].client_id}
        self.failures.setdefault(operation, []).append(failure)
        self._set_failures()

    def heal(self, operation: str, name: str) -> None:
        """Let these calls succeed again."""
        client = self.clients[name].client_id
        left = [one for one in self.failures[operation] if one["client"] != client]
        self.failures[operation] = left
        self._set_failures()

    def _set_failures(self) -> None:
        self.shop.cognito.set_knobs(fail=self.failures)  # type: ignore[arg-type]

    # --- the operator ---

    def environment(self, lease_seconds: int | None = None) -> dict[str, str]:
        """Give the settings of one replica."""
        whole = {
            **SPANS,
            "CSO_FREEZE_FILE": str(self.freeze),
            "CSO_ALLOW_FILE": str(self.allow),
        }
        if lease_seconds is not None:
            access = str(ACCESS.with_name("lease.yaml"))
            self.shop.kubectl("apply", "-n", self.shop.namespace, "-f", access)
            whole |= {
                "CSO_LEASE_NAME": LEASE,
                "CSO_LEASE_NAMESPACE": self.shop.namespace,
                "CSO_LEASE_SECONDS": str(lease_seconds),
            }
        return whole

    def run(self, *, lease_seconds: int | None = None) -> OperatorProcess:
        """Start a replica, and wait until it is ready."""
        replica = OperatorProcess(
            kubeconfig=self.shop.kubeconfig,
            namespaces=(self.shop.namespace,),
            environment={**self.shop.cognito.environment, **self.environment(lease_seconds)},
            workdir=self.workdir,
            name=f"operator-{len(self.started)}",
        )
        self.started.append(replica)
        replica.start()
        return replica

    def close(self) -> None:
        """End every replica."""
        for replica in self.started:
            replica.stop()

    def watch(self, *replicas: OperatorProcess) -> None:
        """Let Prometheus scrape these replicas."""
        self.prometheus.watch(*(urlsplit(one.url).netloc for one in replicas))

    # --- what is seen ---

    def firing(self, alert: str) -> list[dict[str, str]]:
        """Give the labels of an alert's instances that fire now."""
        found = self.prometheus.query(f'ALERTS{{alertname="{alert}",alertstate="firing"}}')
        return [one["metric"] for one in found]

    def is_firing(self, alert: str, name: str | None = None) -> bool:
        """Tell whether an alert fires, for a resource where one is named."""
        return any(name is None or one.get("name") == name for one in self.firing(alert))

    def wait(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for something; show what fires and every resource if it never comes."""
        try:
            wait_for(what, condition, PATIENCE)
        except TimeoutError as error:
            fires = self.prometheus.query('ALERTS{alertstate="firing"}')
            said = self.shop.kubectl("get", "ccs", "-n", self.shop.namespace, "-o", "yaml")
            shown = "\n".join(str(one["metric"]) for one in fires)
            raise AssertionError(f"{error}\n{shown}\n{said}") from error

    def diagnose(self, alert: str, name: str | None) -> None:
        """Run the commands of a resource's runbook, as its first reader would.

        Those of the operator's pages ask for its pods, which the story has none of: they are
        blocks of another kind.
        """
        page = (RUNBOOKS / f"{alert.lower()}.md").read_text(encoding="utf-8")
        for command in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
            done = subprocess.run(
                ["/bin/sh", "-euc", command],
                env={
                    "PATH": f"{self.shop.cluster.kubectl.parent}:/usr/bin:/bin",
                    "KUBECONFIG": str(self.shop.cluster.kubeconfig),
                    "HOME": str(self.workdir),  # kubectl keeps a cache there
                    "NAMESPACE": self.shop.namespace,
                    "NAME": name or "",
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{alert}: {done.stderr}"
            assert done.stdout.strip(), f"{alert}: its commands show nothing"
            self.diagnosed.add(alert)

    def wait_fires(self, alert: str, name: str | None = None) -> None:
        """Wait until an alert fires, in Prometheus and as Grafana would ask."""
        whose = name or "the operator"
        self.wait(f"{alert} fires for {whose}", lambda: self.is_firing(alert, name))
        self.wait(f"Grafana's {alert} too", lambda: self._grafana_sees(alert, name))
        if alert not in self.diagnosed:
            self.diagnose(alert, name)
        self.say(f"{alert} fires for {whose}")

    def _grafana_sees(self, alert: str, name: str | None) -> bool:
        found = self.prometheus.query(self.grafana[alert])
        return any(name is None or one["metric"].get("name") == name for one in found)

    def act(self, alert: str, begin: Callable[[], None], end: Callable[[], None]) -> None:
        """Bring an alert of the operator about, see it, put things right, and see it end."""
        assert not self.is_firing(alert), f"{alert} fires before its act"
        scene = Scene(alert, time.time())
        begin()
        self.wait_fires(alert)
        end()
        self.wait(f"{alert} ends", lambda: not self.is_firing(alert))
        scene.ended = time.time()
        self.scenes.append(scene)

    def fired_by_resource(self) -> dict[str, set[str]]:
        """Give, for each resource, every alert that fired at any moment so far."""
        fired: dict[str, set[str]] = {name: set() for name in self.clients}
        for one in self._history():
            if "name" in one["metric"]:
                fired[one["metric"]["name"]].add(one["metric"]["alertname"])
        return fired

    def outside_their_acts(self) -> dict[str, list[int]]:
        """Give the alerts of the operator that fired at another time than in their act, and when.

        Returns:
            Alert -> seconds since the story began.
        """
        found: dict[str, list[int]] = {}
        for one in self._history():
            alert = one["metric"]["alertname"]
            moments = [
                float(at) for at, _ in one["values"] if not self._is_wanted(alert, float(at))
            ]
            if "name" not in one["metric"] and moments:
                found.setdefault(alert, []).extend(int(at - self.began) for at in moments)
        return found

    def _is_wanted(self, alert: str, at: float) -> bool:
        return any(
            scene.alert == alert and scene.began <= at <= scene.ended + 1 for scene in self.scenes
        )

    def _history(self) -> Iterable[dict[str, Any]]:
        expr = 'ALERTS{alertstate="firing"}'
        return self.prometheus.range(expr, self.opened, time.time(), 1)


def new_prometheus(workdir: Path) -> Prometheus:
    """Prepare a Prometheus with the shipped rules and the story's thresholds."""
    return Prometheus(workdir, rule_groups(**short_alerts()))
