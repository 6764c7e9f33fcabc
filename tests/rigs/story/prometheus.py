"""Debian's Prometheus as a process of its own: on loopback, with storage that is thrown away."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import requests
import yaml

from cluster.tether import tethered
from cluster.waiting import wait_for

SCRAPE_SECONDS: Final = 1
READY_SECONDS: Final = 120
TIMEOUT: Final = 60
JOB: Final = "cognito-secret-operator"


class Prometheus:
    """A Prometheus that scrapes what it is told of, and evaluates rules each second."""

    def __init__(self, workdir: Path, groups: Sequence[Mapping[str, Any]]) -> None:
        """Write its configuration.

        Args:
            workdir: where configuration, data and log go.
            groups: of rules, as in a PrometheusRule.

        Raises:
            FileNotFoundError: Prometheus is not installed.
        """
        program = shutil.which("prometheus")
        if program is None:
            raise FileNotFoundError("prometheus")
        self._targets = workdir / "targets.json"
        self._LOG = workdir / "prometheus.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.watch()
        rules = workdir / "rules.yaml"
        rules.write_text(yaml.safe_dump({"groups": list(groups)}))
        scrape = {
            "job_name": JOB,
            "honor_labels": True,
            "file_sd_configs": [{"files": [str(self._targets)], "refresh_interval": "1s"}],
        }
        pace = f"{SCRAPE_SECONDS}s"
        config = workdir / "prometheus.yaml"
        config.write_text(
            yaml.safe_dump(
                {
                    "global": {
                        "scrape_interval": pace,
                        "scrape_timeout": pace,
                        "evaluation_interval": pace,
                    },
                    "rule_files": [str(rules)],
                    "scrape_configs": [scrape],
                }
            )
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._command = [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={workdir / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]

    def watch(self, *addresses: str) -> None:
        """Scrape these ``host:port`` from now on, and nothing else."""
        draft = self._targets.with_suffix(".new")
        draft.write_text(json.dumps([{"targets": list(addresses), "labels": {"namespace": "cso"}}]))
        draft.replace(self._targets)

    def __enter__(self) -> Self:
        with self._LOG.open("ab") as log:
            self._process = subprocess.Popen(
                tethered(self._command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for("Prometheus is ready", self._is_ready, READY_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"Prometheus ended early:\n{self._LOG.read_text()[-3000:]}")
        try:
            return requests.get(f"{self.url}/-/ready", timeout=TIMEOUT).ok
        except requests.ConnectionError:
            return False

    def query(self, expr: str, at: float | None = None) -> list[dict[str, Any]]:
        """Ask an instant query; give its series.

        Raises:
            AssertionError: Prometheus refused it; the message says why.
        """
        parameters = {"query": expr} | ({"time": str(at)} if at is not None else {})
        found: list[dict[str, Any]] = self._get("query", parameters)["result"]
        return found

    def range(self, expr: str, start: float, end: float, step: float) -> list[dict[str, Any]]:
        """Ask a query over a span; give its series with their values."""
        parameters = {"query": expr, "start": str(start), "end": str(end), "step": str(step)}
        found: list[dict[str, Any]] = self._get("query_range", parameters)["result"]
        return found

    def label_values(self, label: str, selector: str, since: float) -> list[str]:
        """List a label's values among the series that a selector finds."""
        parameters = {"match[]": selector, "start": str(since), "end": str(time.time())}
        found: list[str] = self._get(f"label/{label}/values", parameters)
        return found

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:  # noqa: ANN401 -- JSON
        url = f"{self.url}/api/v1/{path}"
        if path.startswith("query"):
            answer = requests.post(url, data=parameters, timeout=TIMEOUT).json()
        else:
            answer = requests.get(url, params=parameters, timeout=TIMEOUT).json()
        assert answer["status"] == "success", f"{parameters}: {answer}"
        return answer["data"]
