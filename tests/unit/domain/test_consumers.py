"""Whom the user counts as a consumer."""

import pytest

from cognito_secret_operator.domain.consumers import ConsumerMode, ConsumersSpec, Listed
from cognito_secret_operator.domain.rollout import WorkloadRef

WEB = WorkloadRef("Deployment", "web")
LISTED = ConsumersSpec(ConsumerMode.LISTED, (Listed("apps/v1", WEB),))
SELECTED = ConsumersSpec(ConsumerMode.SELECTED, labels=frozenset({("team", "shop")}))


@pytest.mark.parametrize(
    ("chosen", "ref", "labels", "covered"),
    [
        pytest.param(ConsumersSpec(ConsumerMode.AUTO), WEB, {}, True, id="Auto covers everything"),
        pytest.param(ConsumersSpec(ConsumerMode.NONE), WEB, {}, False, id="None covers nothing"),
        pytest.param(LISTED, WEB, {}, True, id="it is listed"),
        pytest.param(LISTED, WorkloadRef("Deployment", "api"), {}, False, id="another name"),
        pytest.param(LISTED, WorkloadRef("StatefulSet", "web"), {}, False, id="another kind"),
        pytest.param(
            LISTED, WorkloadRef("Deployment", "web", "example.dev"), {}, False, id="another group"
        ),
        pytest.param(
            SELECTED, WEB, {"team": "shop", "tier": "1"}, True, id="it has the label and others"
        ),
        pytest.param(SELECTED, WEB, {"team": "sales"}, False, id="the label has another value"),
        pytest.param(SELECTED, WEB, {}, False, id="it has no labels"),
    ],
)
def test_whom_the_user_counts(
    chosen: ConsumersSpec, ref: WorkloadRef, labels: dict[str, str], *, covered: bool
) -> None:
    assert chosen.covers(ref, frozenset(labels.items())) is covered
