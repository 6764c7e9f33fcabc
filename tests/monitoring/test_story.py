"""The real operator, a real API server, an emulated Cognito, and a real Prometheus over them.

Each act brings one state about; its alerts fire in it, and no other does. The rules are the shipped
ones with thresholds of seconds. Not brought about here, for it would need a defect of our own:
CognitoSecretOperatorLoopStuck, which promtool tries.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cognito_secret_operator.metrics import METRICS

from dashboards.queries import OBJECT, without_zero
from dashboards.questions import questions, record, variables
from dashboards.rendering import dashboard, rule_groups, source
from harness.operator_process import OperatorProcess
from harness.shop import Shop
from story.acts import ACTS, LIST, begin_all, prepare
from story.stage import Stage, new_prometheus

pytestmark = pytest.mark.integration

BY_PROMTOOL_ONLY: Final = {"CognitoSecretOperatorLoopStuck"}


@pytest.fixture
def stage(shop: Shop, tmp_path: Path) -> Iterator[Stage]:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed (apt-get install prometheus): NO STORY was told")
    (tmp_path / "freeze").write_text("false")
    _allow_all(tmp_path / "allow.yaml")
    with new_prometheus(tmp_path) as prometheus:
        stage = Stage(shop, prometheus, tmp_path)
        yield stage
        stage.close()


def test_each_alert_fires_in_its_act_and_every_query_answers(stage: Stage) -> None:
    operator = stage.run()
    stage.watch(operator)
    prepare(stage)
    _a_refused_rotation(stage)
    begin_all(stage)
    for act in ACTS:
        for alert in sorted(act.fires):
            if act.name != "denied":
                stage.wait_fires(alert, act.name)
    stage.busiest = time.time()
    exposed = operator.metrics()
    _acts_of_the_operator(stage)
    _acts_of_replicas(stage, operator)
    if path := os.environ.get("STORY_RECORD"):
        _record(stage, Path(path))
    fired = stage.fired_by_resource()
    wrong = {act.name: (fired[act.name], act.fires) for act in ACTS if fired[act.name] != act.fires}
    assert wrong == {}, "what fired, and what should have"
    assert stage.outside_their_acts() == {}
    shown = {one.alert for one in stage.scenes} | {name for act in ACTS for name in act.fires}
    assert {one["alert"] for one in source()} - shown == BY_PROMTOOL_ONLY
    assert stage.diagnosed == {one["alert"] for one in source() if one["of"] == "resources"}
    _every_query_answers(stage)
    _what_is_asked_for_is_exposed(exposed)


def _a_refused_rotation(stage: Stage) -> None:
    def begin() -> None:
        stage.shop.cognito.set_knobs(activation_lag=3600.0)
        stage.shop.annotate("refused", rotate="drill-1")

    stage.act(
        "CognitoSecretOperatorRotationsFailed",
        begin,
        lambda: stage.shop.cognito.set_knobs(activation_lag=0.0),
    )


def _acts_of_the_operator(stage: Stage) -> None:
    """Bring about what concerns the operator as a whole, one thing after the other."""
    shop, cognito = stage.shop, stage.shop.cognito
    stage.act(
        "CognitoSecretOperatorThrottled",
        lambda: stage.fail(LIST, "TooManyRequestsException", "noisy"),
        lambda: stage.heal(LIST, "noisy"),
    )

    def allow_again() -> None:
        stage.wait_fires("CognitoClientSecretStalled", "denied")
        stage.heal(LIST, "denied")

    stage.act(
        "CognitoSecretOperatorAccessDenied",
        lambda: stage.fail(LIST, "AccessDeniedException", "denied"),
        allow_again,
    )
    stage.act(
        "CognitoSecretOperatorDrift",
        lambda: _done(shop.kubectl("delete", "secret", "young", "-n", shop.namespace)),
        lambda: stage.wait("the target is back", lambda: shop.secret("young")),
    )
    held = stage.secret_id("holding", "Previous")
    stage.act(
        "CognitoSecretOperatorForcedRetirement",
        lambda: shop.annotate("holding", **{"retire-without-evidence": held}),
        lambda: None,
    )
    foreign = stage.secret_id("blocked", "Foreign")
    stage.change("blocked", {"adoption": {"retireSecretIds": [foreign]}})
    stage.act(
        "CognitoSecretOperatorFrozen",
        lambda: _swap(stage.freeze, "INC-42"),
        lambda: _swap(stage.freeze, "false"),
    )
    stage.act(
        "CognitoSecretOperatorAllowListInvalid",
        lambda: _swap(stage.allow, "rules: [{"),
        lambda: _allow_all(stage.allow),
    )
    stage.act(
        "CognitoSecretOperatorBacklog",
        lambda: cognito.set_knobs(delay={LIST: 4.0}),
        lambda: cognito.set_knobs(delay={}),
    )


def _acts_of_replicas(stage: Stage, first: OperatorProcess) -> None:
    """Kill, replace and double the operator."""
    replicas: list[OperatorProcess] = []

    def two_with_a_lease() -> None:
        leader = stage.run(lease_seconds=3)
        standby = stage.run(lease_seconds=3)
        replicas.extend((leader, standby))
        stage.watch(leader, standby)

    stage.act("CognitoSecretOperatorDown", first.kill, two_with_a_lease)
    leader, standby = replicas
    stage.wait("one leads", lambda: _leads(leader))
    assert not _states_of_objects(standby), "a standby tells nothing of resources"
    assert _states_of_objects(leader)
    leader.kill()
    stage.wait("the other one took over", lambda: _leads(standby))
    stage.say("a fail-over is done")
    standby.stop()
    silent = stage.run(lease_seconds=600)
    stage.watch(silent)
    stage.wait("it leads", lambda: _leads(silent))

    def nobody_leads() -> None:
        # Its Lease lasts: nobody takes over for ten minutes.
        silent.kill()
        waits = stage.run(lease_seconds=600)
        replicas.append(waits)
        stage.watch(waits)

    def two_without_a_lease() -> None:
        replicas[-1].stop()
        replicas.append(stage.run())
        stage.watch(replicas[-1])

    stage.act("CognitoSecretOperatorNoLeader", nobody_leads, two_without_a_lease)

    def one_too_many() -> None:
        replicas.append(stage.run())
        stage.watch(*replicas[-2:])

    def one_goes() -> None:
        replicas[-1].stop()
        stage.watch(replicas[-2])

    stage.act("CognitoSecretOperatorManyLeaders", one_too_many, one_goes)


def _every_query_answers(stage: Stage) -> None:
    """Ask all that dashboard and alerts ask; each has an answer at some moment of the story.

    A panel that shows 0 for "none" answers whatever it asks for: it is asked without that.
    """
    shown = dashboard()
    end = stage.scenes[-1].ended
    silent = [
        f"{one.title} {one.ref}: {one.expr}"
        for one in questions(shown)
        if not stage.prometheus.range(without_zero(one.expr), stage.began, end, 2)
    ]
    assert silent == []
    for selector, label in variables(shown):
        assert stage.prometheus.label_values(label, selector, stage.began), selector
    never = [
        name
        for name, expr in stage.grafana.items()
        if name not in BY_PROMTOOL_ONLY and not stage.prometheus.range(expr, stage.began, end, 1)
    ]
    assert never == []


def _what_is_asked_for_is_exposed(exposed: str) -> None:
    """Compare what queries name with what the operator exposed, both ways."""
    families = text_string_to_metric_families(exposed)
    names = {sample.name for family in families for sample in family.samples}
    expressions = [one.expr for one in questions(dashboard())]
    expressions += [rule["expr"] for group in rule_groups() for rule in group["rules"]]
    text = "\n".join(expressions)
    used = set(re.findall(r"\b(?:cognito_client_secret|cognito_secret_operator|process)_\w+", text))
    assert used - names == set()
    unused = {one.name for one in METRICS} - {
        re.sub("_(bucket|sum|count)$", "", one) for one in used
    }
    assert unused == set(), "used by no panel and no alert"


def _record(stage: Stage, path: Path) -> None:
    """Write what the picture is drawn from: the story up to the acts of replicas."""
    end = next(one.began for one in stage.scenes if one.alert.endswith("Down"))
    moments = {"start": stage.began, "end": end, "shown": stage.busiest}
    path.parent.mkdir(parents=True, exist_ok=True)
    record(stage.prometheus, dashboard(), moments, path)


def _allow_all(path: Path) -> None:
    _swap(path, json.dumps({"rules": [{"namespaces": ["*"], "userPools": ["*"]}]}))


def _swap(path: Path, text: str) -> None:
    """Change a file as a kubelet does: whole."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)


def _done(_: object) -> None:
    """Take an answer that says no more than that it was done."""


def _leads(operator: OperatorProcess) -> bool:
    return "cognito_secret_operator_leader 1.0" in operator.metrics()


def _states_of_objects(operator: OperatorProcess) -> bool:
    return f"\n{OBJECT}info{{" in operator.metrics()
