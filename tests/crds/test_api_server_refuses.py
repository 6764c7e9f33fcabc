"""What `kubectl apply` says on a real API server to wrong resources: the field and the remedy."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cognito_secret_operator import names
from cognito_secret_operator.domain.journal.journal import Origin, Outcome, Rotation
from cognito_secret_operator.domain.model import ClientRef, Trigger, Verdict
from cognito_secret_operator.domain.report import (
    Condition,
    ConditionType,
    Report,
    ReportedSecret,
    Role,
    Step,
    Truth,
)
from cognito_secret_operator.reasons import Reason
from cognito_secret_operator.wire.resource.parse import parse
from cognito_secret_operator.wire.status import status_of, status_patch

from cluster.control_plane import ControlPlane
from support.crd_corpus import HERE, Case, cases

pytestmark = pytest.mark.integration

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def kubectl(cluster: ControlPlane) -> Kubectl:
    """Run kubectl, whatever it answers; `cluster` has the schema installed."""
    environment = {**os.environ, "KUBECACHEDIR": str(cluster.kubeconfig.parent / "crd-cache")}

    def run(
        *arguments: str, body: Mapping[str, Any] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}", *arguments],
            input=None if body is None else json.dumps(body),
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

    return run


@pytest.fixture
def resources(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """Give a namespace, and leave no resource behind in it."""
    yield namespace
    kubectl("-n", namespace, "delete", names.PLURAL, "--all", "--wait=true")


@pytest.mark.parametrize("case", cases("refused"), ids=str)
def test_kubectl_apply_names_the_field_and_the_remedy(
    case: Case, kubectl: Kubectl, resources: str
) -> None:
    if case.before is not None:
        before = kubectl("-n", resources, "apply", "-f", "-", body=case.before)
        assert before.returncode == 0, before.stderr
    answer = kubectl("-n", resources, "apply", "-f", "-", body=case.resource)
    assert answer.returncode != 0, answer.stdout
    assert case.field in answer.stderr
    assert case.remedy in answer.stderr
    assert "evaluat" not in answer.stderr, "a rule itself failed"


@pytest.mark.parametrize("case", cases("accepted"), ids=str)
def test_kubectl_apply_takes_what_is_right_and_the_parser_understands_it(
    case: Case, kubectl: Kubectl, resources: str
) -> None:
    for body in (case.before, case.resource):
        if body is not None:
            answer = kubectl("-n", resources, "apply", "-f", "-", body=body)
            assert answer.returncode == 0, answer.stderr
    name = case.resource["metadata"]["name"]
    parse(_stored(kubectl, resources, name))


def test_the_api_server_keeps_every_field_of_a_full_status(
    kubectl: Kubectl, resources: str
) -> None:
    _create_smallest(kubectl, resources)
    report = _report()
    status = status_of(report, {}, datetime.now(UTC))
    _write_status(kubectl, resources, status)
    kept = _stored(kubectl, resources, "orders-api")["status"]
    assert kept == status
    later = status_of(report, kept, datetime.now(UTC) + timedelta(hours=1))
    assert status_patch(kept, later) is None


def test_the_columns_tell_state_age_due_time_and_who_holds_it_up(
    kubectl: Kubectl, resources: str
) -> None:
    _create_smallest(kubectl, resources)
    _write_status(kubectl, resources, status_of(_report(), {}, datetime.now(UTC)))
    table = kubectl("-n", resources, "get", "ccs", "-o", "wide").stdout
    header, row = table.splitlines()
    titles = "NAME READY STEP SECRET AGE NEXT PODS SECRETS TARGET REASON MESSAGE CLIENT POOL AGE"
    assert " ".join(header.split()) == titles
    for text in ("True", "RollingOut", "80d", "2027-02-01T00:00:00Z", "12", "PodsNotRolled"):
        assert text in row
    assert "invalid" not in row


def test_resources_are_selected_by_client(kubectl: Kubectl, resources: str) -> None:
    _create_smallest(kubectl, resources)
    by_client = "--field-selector=spec.clientId=1example23456789"
    found = kubectl("-n", resources, "get", "ccs", by_client, "-o", "name")
    assert found.stdout.split() == [f"cognitoclientsecret.{names.GROUP}/orders-api"]
    none = kubectl("-n", resources, "get", "ccs", "--field-selector=spec.clientId=2", "-o", "name")
    assert none.stdout == ""


def test_kubectl_explain_knows_every_section(kubectl: Kubectl) -> None:
    text = kubectl("explain", "ccs.spec.retirement", "--recursive=false").stdout
    assert "When the previous secret is deleted at Cognito." in text
    assert "Default 1h." in text


def test_the_examples_are_accepted(kubectl: Kubectl, resources: str) -> None:
    folders = sorted((HERE.parents[1] / "examples").glob("[0-9]*"))
    assert folders
    for folder in folders:
        answer = kubectl("-n", resources, "apply", "--dry-run=server", "-f", str(folder))
        assert answer.returncode == 0, answer.stderr
        assert answer.stderr == ""


def _create_smallest(kubectl: Kubectl, namespace: str) -> None:
    smallest = next(case for case in cases("accepted") if case.name == "smallest")
    answer = kubectl("-n", namespace, "apply", "-f", "-", body=smallest.resource)
    assert answer.returncode == 0, answer.stderr


def _write_status(kubectl: Kubectl, namespace: str, status: Mapping[str, Any]) -> None:
    patch = json.dumps({"status": status})
    answer = kubectl(
        "-n", namespace, "patch", "ccs", "orders-api", "--subresource=status", "--type=merge",
        "-p", patch,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "Warning" not in answer.stderr


def _stored(kubectl: Kubectl, namespace: str, name: str) -> dict[str, Any]:
    answer = kubectl("-n", namespace, "get", "ccs", name, "-o", "json")
    body: dict[str, Any] = json.loads(answer.stdout)
    return body


def _report() -> Report:
    now = datetime.now(UTC)
    rotations = tuple(
        Rotation(
            trigger=Trigger.SCHEDULE,
            started_at=now - timedelta(days=number),
            secret_id=f"added-{number}",
            retired_id=f"gone-{number}",
            finished_at=now - timedelta(days=number - 1),
            outcome=Outcome.SUCCESS,
            retired_verdict=Verdict.REFUSED,
        )
        for number in range(7, 0, -1)
    )
    return Report(
        client=ClientRef("eu-west-1_AbCdEfGhI", "1example23456789"),
        target_name="orders-api",
        generation=1,
        conditions=tuple(
            Condition(kind, Truth.TRUE, Reason.PUBLISHED, "all is well") for kind in ConditionType
        ),
        step=Step.ROLLING_OUT,
        suspended=False,
        interval=timedelta(days=90),
        max_age=timedelta(days=99),
        max_overlap=timedelta(hours=72),
        journal_sequence=7,
        secrets=(
            ReportedSecret("one", Role.PREVIOUS, now - timedelta(days=170), Origin.DESCRIBE),
            ReportedSecret("two", Role.CURRENT, now - timedelta(days=80, hours=1), Origin.OPERATOR),
        ),
        listed_at=now,
        holders=tuple(f"Pod orders-{number}" for number in range(12)),
        next_rotation_at=datetime(2027, 2, 1, tzinfo=UTC),
        waits_for=(Reason.PODS_NOT_ROLLED, "still on the previous secret: Pod/orders-0"),
        rotations=rotations,
    )
