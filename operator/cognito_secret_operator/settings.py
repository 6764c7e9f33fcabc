"""The settings: environment variables, read and checked once at start."""

import ipaddress
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from .domain.model import Timing
from .errors import ActionNeededError
from .reasons import Reason

__all__ = ["PREFIX", "VARIABLES", "Settings", "SettingsError", "Variable", "unknown_variables"]

PREFIX: Final = "CSO_"
"""Prefix of every variable of the operator."""

_LONGEST_SPAN: Final = timedelta(days=30).total_seconds()
_MOST_WORKERS: Final = 100
_LONGEST_LEASE: Final = 600
_HIGHEST_PORT: Final = 65535
_LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

LogFormat = Literal["json", "text"]


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable: a row of ``docs/reference/settings.md``."""

    name: str
    default: str
    """As written in the environment; empty where the description states what unset means."""

    description: str


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g}"


_TIMING: Final = Timing()

VARIABLES: Final = (
    Variable(
        "CSO_NAMESPACES", "", "Namespaces to serve, separated by commas; empty: the whole cluster."
    ),
    Variable(
        "CSO_KUBECONFIG",
        "",
        "Path of a kubeconfig file; empty: the pod's service account, else the usual kubeconfig.",
    ),
    Variable(
        "CSO_ALLOW_FILE",
        "",
        "File with the platform team's allow-list; empty: everything is allowed or, where the "
        "whole cluster is served, nothing.",
    ),
    Variable(
        "CSO_FREEZE_FILE",
        "",
        "File of the freeze switch: any text except `false` stops all writes; empty: no switch.",
    ),
    Variable(
        "CSO_LEASE_NAME",
        "",
        "Lease that elects the replica that works; empty: none, for one replica.",
    ),
    Variable(
        "CSO_LEASE_NAMESPACE",
        "",
        "Namespace of that Lease: the operator's own. Required with CSO_LEASE_NAME.",
    ),
    Variable(
        "CSO_LEASE_SECONDS",
        "15",
        "How long after the leader's last renewal a standby takes over; whole seconds.",
    ),
    Variable(
        "CSO_LISTEN_ADDRESS",
        "",
        "IP address for probes and metrics; empty: every address of the pod, IPv4 and IPv6.",
    ),
    Variable("CSO_PORT", "8080", "Port for probes and metrics; 0: any free port."),
    Variable("CSO_PORT_FILE", "", "File to which the port in use is written; empty: none."),
    Variable(
        "CSO_REVISION",
        "unknown",
        "Commit of the running image, for the metric build_info; set by the image.",
    ),
    Variable(
        "CSO_LOG_LEVEL",
        "INFO",
        "`DEBUG`, `INFO`, `WARNING` or `ERROR`, for the operator's own log.",
    ),
    Variable("CSO_LOG_FORMAT", "json", "`json` or `text`."),
    Variable("CSO_WORKERS", "10", "How many resources are reconciled at the same time."),
    Variable(
        "CSO_QUOTA_SHARE", "0.5", "Share of Cognito's request quotas to use: above 0, at most 1."
    ),
    Variable(
        "CSO_POLL_MIN_SECONDS", "5", "First wait between two reads while something is in progress."
    ),
    Variable("CSO_POLL_MAX_SECONDS", "60", "Longest wait between two such reads."),
    Variable(
        "CSO_SETTLE_SECONDS",
        _seconds(_TIMING.settle),
        "How long after a publication a cache may still serve older data; 0 only without a "
        "kubelet.",
    ),
    Variable(
        "CSO_ADD_DEADLINE_SECONDS",
        _seconds(_TIMING.add_deadline),
        "How long after its claim a pending value may still be added at Cognito.",
    ),
    Variable(
        "CSO_LIST_LAG_SECONDS",
        _seconds(_TIMING.list_lag),
        "How far Cognito's list of secrets may lag behind its other responses.",
    ),
    Variable(
        "CSO_LIST_PERIOD_SECONDS",
        _seconds(_TIMING.list_period),
        "Interval at which Cognito's secrets are listed at rest.",
    ),
    Variable(
        "CSO_LIST_DISTRUST_SECONDS",
        _seconds(_TIMING.list_distrust),
        "After an Add or Delete: how long its response is trusted over ListUserPoolClientSecrets.",
    ),
    Variable(
        "CSO_MISSING_GRACE_SECONDS",
        _seconds(_TIMING.missing_grace),
        "How long a secret must stay absent from the list before it is treated as deleted.",
    ),
    Variable(
        "CSO_REFUSAL_GRACE_SECONDS",
        _seconds(_TIMING.refusal_grace),
        "Grace period before a refused new secret is abandoned, and before a still-accepted "
        "deleted one is reported.",
    ),
    Variable(
        "CSO_RETRY_AFTER_FAILURE_SECONDS",
        _seconds(_TIMING.retry_after_failure),
        "How long after a failed rotation the schedule tries again.",
    ),
)
"""Every variable in the order of the documentation."""

_DEFAULTS: Final = {variable.name: variable.default for variable in VARIABLES}


class SettingsError(ActionNeededError):
    """The environment is invalid; the message names every problem and its remedy."""

    reason = Reason.INVALID_SETTINGS

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep *problems*, one sentence each."""
        super().__init__("invalid settings: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """The platform team's configuration of this process."""

    namespaces: tuple[str, ...]
    """Namespaces to serve, sorted; empty: the whole cluster."""

    kubeconfig: Path | None
    allow_file: Path | None
    freeze_file: Path | None
    lease_name: str
    lease_namespace: str
    lease_duration: timedelta
    listen_address: str
    """Empty: every address, IPv4 and IPv6."""

    port: int
    port_file: Path | None
    revision: str
    """Commit from which the image was built."""

    log_level: str
    log_format: LogFormat
    workers: int
    quota_share: float
    poll_min: timedelta
    poll_max: timedelta
    timing: Timing

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read *environment*; an empty variable counts as unset.

        Raises:
            SettingsError: at least one variable is invalid; the error names all of them.

        """
        reader = _Reader(environment)
        settings = cls(
            namespaces=reader.namespaces("CSO_NAMESPACES"),
            kubeconfig=reader.file("CSO_KUBECONFIG"),
            allow_file=reader.path("CSO_ALLOW_FILE"),
            freeze_file=reader.path("CSO_FREEZE_FILE"),
            lease_name=reader.name("CSO_LEASE_NAME"),
            lease_namespace=reader.name("CSO_LEASE_NAMESPACE"),
            lease_duration=timedelta(seconds=reader.whole("CSO_LEASE_SECONDS", 1, _LONGEST_LEASE)),
            listen_address=reader.address("CSO_LISTEN_ADDRESS"),
            port=reader.port("CSO_PORT"),
            port_file=reader.path("CSO_PORT_FILE"),
            revision=reader.text("CSO_REVISION"),
            log_level=reader.log_level("CSO_LOG_LEVEL"),
            log_format=reader.log_format("CSO_LOG_FORMAT"),
            workers=reader.whole("CSO_WORKERS", 1, _MOST_WORKERS),
            quota_share=reader.share("CSO_QUOTA_SHARE"),
            poll_min=reader.span("CSO_POLL_MIN_SECONDS", zero=False),
            poll_max=reader.span("CSO_POLL_MAX_SECONDS", zero=False),
            timing=Timing(
                settle=reader.span("CSO_SETTLE_SECONDS"),
                add_deadline=reader.span("CSO_ADD_DEADLINE_SECONDS", zero=False),
                list_lag=reader.span("CSO_LIST_LAG_SECONDS"),
                list_period=reader.span("CSO_LIST_PERIOD_SECONDS", zero=False),
                list_distrust=reader.span("CSO_LIST_DISTRUST_SECONDS"),
                missing_grace=reader.span("CSO_MISSING_GRACE_SECONDS"),
                refusal_grace=reader.span("CSO_REFUSAL_GRACE_SECONDS"),
                retry_after_failure=reader.span("CSO_RETRY_AFTER_FAILURE_SECONDS"),
            ),
        )
        problems = (*reader.problems, *([] if reader.problems else _contradictions(settings)))
        if problems:
            raise SettingsError(problems)
        return settings


def unknown_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the unknown variables with the prefix `PREFIX`: most likely misspelt.

    Unknown variables cause a warning, not an error: Kubernetes itself adds ``CSO_SERVICE_HOST`` and
    the like for a Service called ``cso`` (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
    """
    return tuple(
        sorted(name for name in environment if name.startswith(PREFIX) and name not in _DEFAULTS)
    )


def _contradictions(settings: Settings) -> list[str]:
    """Return the problems of settings that contradict each other."""
    found = []
    if settings.poll_min > settings.poll_max:
        found.append(
            "CSO_POLL_MIN_SECONDS is above CSO_POLL_MAX_SECONDS; raise the latter or lower the"
            " former"
        )
    if settings.timing.list_distrust < settings.timing.list_lag:
        # A list from before the operator's own Add or Delete would override that call's response.
        found.append(
            "CSO_LIST_DISTRUST_SECONDS is below CSO_LIST_LAG_SECONDS: an outdated list would be"
            " trusted; raise the former or lower the latter"
        )
    if settings.lease_name and not settings.lease_namespace:
        found.append(
            "CSO_LEASE_NAME is set and CSO_LEASE_NAMESPACE is not; set the latter to the"
            " operator's own namespace"
        )
    return found


class _Reader:
    """Reader of single variables; it collects their problems."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        return self._environment.get(name, "").strip() or _DEFAULTS[name]

    def _refuse(self, name: str, problem: str, remedy: str) -> None:
        self.problems.append(f"{name} is {self.text(name)!r}: {problem}; {remedy}")

    def namespaces(self, name: str) -> tuple[str, ...]:
        found = {part for part in map(str.strip, self.text(name).split(",")) if part}
        if wrong := sorted(part for part in found if not _NAMESPACE.fullmatch(part)):
            self._refuse(
                name,
                f"{', '.join(map(repr, wrong))} is not a valid namespace",
                "list exact names separated by commas, or leave it empty for the whole cluster",
            )
        return tuple(sorted(found))

    def name(self, name: str) -> str:
        text = self.text(name)
        if text and not _NAMESPACE.fullmatch(text):
            self._refuse(name, "not a valid object name", "use lower-case letters, digits and -")
        return text

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return Path(text).expanduser() if text else None

    def file(self, name: str) -> Path | None:
        path = self.path(name)
        if path is not None and not path.is_file():
            self._refuse(name, "the file does not exist", "set the path of a kubeconfig file")
        return path

    def address(self, name: str) -> str:
        text = self.text(name)
        try:
            if text:
                ipaddress.ip_address(text)
        except ValueError:
            self._refuse(
                name,
                "not an IP address",
                "set an address of this machine, or leave it empty for all",
            )
        return text

    def port(self, name: str) -> int:
        if self.text(name).startswith("tcp://"):
            # Docker-style links: https://kubernetes.io/docs/tutorials/services/connect-applications-service/
            self._refuse(
                name,
                "Kubernetes set it because a Service of this name exists",
                "set enableServiceLinks: false on the pod",
            )
            return 0
        return self.whole(name, 0, _HIGHEST_PORT)

    def whole(self, name: str, low: int, high: int) -> int:
        text = self.text(name)
        if re.fullmatch(r"[0-9]{1,9}", text) and low <= int(text) <= high:
            return int(text)
        self._refuse(name, "not a whole number in range", f"set a number from {low} to {high}")
        return low

    def _number(self, name: str) -> float:
        try:
            return float(self.text(name))
        except ValueError:
            return math.nan

    def share(self, name: str) -> float:
        number = self._number(name)
        if not 0 < number <= 1:
            self._refuse(name, "not a share", "set a number above 0 and at most 1, such as 0.5")
        return number

    def span(self, name: str, *, zero: bool = True) -> timedelta:
        number = self._number(name)
        if (number >= 0 if zero else number > 0) and number <= _LONGEST_SPAN:
            return timedelta(seconds=number)
        lowest = "from 0" if zero else "above 0"
        self._refuse(
            name,
            "not a number of seconds in range",
            f"set a number {lowest} to {_LONGEST_SPAN:.0f}, without a unit",
        )
        return timedelta(seconds=1)

    def log_level(self, name: str) -> str:
        level = self.text(name).upper()
        if level not in _LOG_LEVELS:
            self._refuse(name, "not a log level", f"set one of {', '.join(_LOG_LEVELS)}")
        return level

    def log_format(self, name: str) -> LogFormat:
        match self.text(name).lower():
            case "json":
                return "json"
            case "text":
                return "text"
            case _:
                self._refuse(name, "not a log format", "set json or text")
                return "json"
