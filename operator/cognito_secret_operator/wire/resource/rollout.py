"""``spec.rollout``: the consumers, and how they get a new publication."""

import re
from datetime import timedelta
from typing import Final

from ...domain.consumers import ConsumerMode, ConsumersSpec, Listed
from ...domain.rollout import WorkloadRef
from ...domain.spec import OnFailure, RolloutSpec, RolloutStrategy
from .sections import LABEL, LABEL_KEY, LABEL_VALUE, OBJECT_NAME, Section

__all__ = ["DEFAULT_PROGRESS_DEADLINE", "rollout_spec"]

DEFAULT_PROGRESS_DEADLINE: Final = timedelta(minutes=30)
MOST_WORKLOADS: Final = 100
MOST_LABELS: Final = 16

_API_VERSION: Final = re.compile(rf"({LABEL.pattern}([.]{LABEL.pattern})*/)?v[0-9][0-9a-z]*")
_KIND: Final = re.compile(r"[A-Z][0-9A-Za-z]*")


def rollout_spec(rollout: Section) -> RolloutSpec:
    """Read the section."""
    deadline = rollout.span("progressDeadline", allow_zero=False)
    spec = RolloutSpec(
        strategy=rollout.choice("strategy", RolloutStrategy.RESTART),
        consumers=_consumers(rollout.section("consumers")),
        progress_deadline=DEFAULT_PROGRESS_DEADLINE if deadline is None else deadline,
        on_failure=rollout.choice("onFailure", OnFailure.HOLD),
    )
    rollout.refuse_the_rest()
    return spec


def _consumers(consumers: Section) -> ConsumersSpec:
    mode = consumers.choice("mode", ConsumerMode.AUTO)
    workloads = consumers.sections("workloads", most=MOST_WORKLOADS)
    selector = consumers.section("selector")
    if mode is ConsumerMode.LISTED and not workloads:
        raise consumers.invalid(
            "workloads",
            "must name at least one workload with mode Listed: list each by apiVersion, kind and "
            "name, or choose another rollout.consumers.mode",
        )
    if mode is not ConsumerMode.LISTED and workloads:
        raise consumers.invalid(
            "workloads",
            f"has no meaning with mode {mode.value}: set rollout.consumers.mode to Listed, or "
            "remove the list",
        )
    labels = _labels(selector)
    if mode is ConsumerMode.SELECTED and not labels:
        raise consumers.invalid(
            "selector",
            "must name at least one label with mode Selected: set "
            "rollout.consumers.selector.matchLabels, or choose another rollout.consumers.mode",
        )
    if mode is not ConsumerMode.SELECTED and labels:
        raise consumers.invalid(
            "selector",
            f"has no meaning with mode {mode.value}: set rollout.consumers.mode to Selected, or "
            "remove the selector",
        )
    consumers.refuse_the_rest()
    return ConsumersSpec(mode, tuple(_listed(one) for one in workloads), labels)


def _listed(workload: Section) -> Listed:
    for key in ("apiVersion", "kind", "name"):
        workload.required(key)
    api_version = workload.matching(
        "apiVersion",
        _API_VERSION,
        "must be a group and version like apps/v1 or argoproj.io/v1alpha1, or v1 for a Pod: copy "
        "it from the workload's manifest",
    )
    kind = workload.matching(
        "kind", _KIND, "must be a kind like Deployment, not its plural: begin it with a capital"
    )
    name = workload.matching(
        "name",
        OBJECT_NAME,
        "must be a valid name of a workload: write lower-case letters, digits, '-' and '.'",
    )
    workload.refuse_the_rest()
    group, _, _ = (api_version or "").rpartition("/")
    return Listed(api_version or "", WorkloadRef(kind or "", name or "", group))


def _labels(selector: Section) -> frozenset[tuple[str, str]]:
    labels = selector.strings("matchLabels", most=MOST_LABELS)
    selector.refuse_the_rest()
    for key, value in labels.items():
        if not (LABEL_KEY.fullmatch(key) and LABEL_VALUE.fullmatch(value)):
            raise selector.invalid(
                "matchLabels",
                "must be valid labels: write keys and values as they stand on the workloads",
            )
    return frozenset(labels.items())
