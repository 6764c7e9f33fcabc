"""First contact: what is taken over, from where, and how sure we are."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.actions import Adopt
from cognito_secret_operator.domain.journal.journal import Origin
from cognito_secret_operator.domain.model import ClientDescription, Probe, StoredSecret
from cognito_secret_operator.domain.observed import Fact, Observed
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.rules.adoption import (
    slots_are_blocked,
)
from cognito_secret_operator.domain.spec import VerificationMode
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.names import PUBLICATION_ANNOTATION, RESOURCE_ANNOTATION

from support.builders import (
    journal,
    listing,
    probe,
    problem,
    resource,
    rules_of,
    said,
    spec,
    target,
    view,
)

RULES = rules_of("adoption")

EMPTY = journal(None, sequence=0, published=None)
OURS = {RESOURCE_ANNOTATION: "orders-api"}
YES, NO, PERHAPS = probe("Accepted"), probe("Refused"), probe("Unknown")


def _target(value: str | None) -> StoredSecret | None:
    if value is None:
        return None
    return target(EMPTY, data={"client-secret": value}, marks=OURS)


def _first_contact(
    *,
    in_target: str | None = None,
    described: str | None = None,
    target_probe: Probe | None = None,
    described_probe: Probe | None = None,
    listed: str = "A",
) -> Observed:
    probes = {Fact.TARGET_PROBE: target_probe, Fact.DESCRIBED_PROBE: described_probe}
    value = SecretValue(described) if described else None
    seen = view(
        EMPTY,
        target_secret=_target(in_target),
        listed=listed,
        probes={fact: answer for fact, answer in probes.items() if answer},
    )
    return replace(seen, description=ClientDescription(value))


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(view(None), "Look LISTING", id="Cognito is asked first"),
        pytest.param(view(None, listed="A"), "CreateJournal Adopting", id="one secret"),
        pytest.param(view(None, listed=""), "Hold PublicClient", id="no secret: a public client"),
        pytest.param(view(None, listed="A X"), "Hold SlotsBlocked", id="two secrets"),
        pytest.param(
            view(None, listed=problem("AccessDenied", needs_action=True)),
            "Hold AccessDenied",
            id="Cognito may not be asked",
        ),
        pytest.param(view(EMPTY), "", id="there is a journal"),
    ],
)
def test_a_journal_is_made_only_for_a_client_that_can_be_managed(
    observed: Observed, expected: str
) -> None:
    assert said(RULES["journal_is_missing"](observed)) == expected


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(view(journal()), "", id="a secret is adopted already"),
        pytest.param(view(EMPTY), "Look LISTING", id="Cognito is asked first"),
        pytest.param(view(EMPTY, listed=""), "Hold PublicClient", id="a public client"),
        pytest.param(view(EMPTY, listed="A X"), "Hold SlotsBlocked", id="two secrets"),
        pytest.param(view(EMPTY, listed="A"), "Look DESCRIPTION", id="no target: Describe"),
        pytest.param(
            _first_contact(in_target="a"), "Look TARGET_PROBE", id="a target: is it accepted?"
        ),
        pytest.param(
            _first_contact(described="a"), "Look DESCRIBED_PROBE", id="described: is it accepted?"
        ),
    ],
)
def test_facts_are_asked_for_one_by_one(observed: Observed, expected: str) -> None:
    assert said(RULES["nothing_is_adopted"](observed)) == expected


@pytest.mark.parametrize(
    ("observed", "origin", "value", "verified"),
    [
        pytest.param(
            _first_contact(in_target="a", target_probe=YES),
            Origin.TARGET,
            "a",
            True,
            id="the target's value is accepted",
        ),
        pytest.param(
            _first_contact(in_target="old", target_probe=NO, described="a", described_probe=YES),
            Origin.DESCRIBE,
            "a",
            True,
            id="the target's value is refused, the described one accepted",
        ),
        pytest.param(
            _first_contact(described="a", described_probe=PERHAPS),
            Origin.DESCRIBE,
            "a",
            False,
            id="nothing can be asked: the described value of the only secret",
        ),
        pytest.param(
            _first_contact(in_target="a", target_probe=PERHAPS),
            Origin.TARGET,
            "a",
            False,
            id="nothing can be asked and nothing is described: the target's value",
        ),
        pytest.param(
            _first_contact(in_target="old", target_probe=NO),
            Origin.UNKNOWN,
            None,
            False,
            id="the target's value is refused and nothing is described",
        ),
        pytest.param(
            _first_contact(described="old", described_probe=NO),
            Origin.UNKNOWN,
            None,
            False,
            id="the described value is refused: it is of a secret that is gone",
        ),
        pytest.param(_first_contact(), Origin.UNKNOWN, None, False, id="nobody can tell"),
    ],
)
def test_what_is_taken_over(
    observed: Observed, origin: Origin, value: str | None, *, verified: bool
) -> None:
    action = plan(observed).action
    assert isinstance(action, Adopt)
    secret = action.secret
    assert (secret.id, secret.origin, secret.verified) == ("A", origin, verified)
    assert (secret.value.reveal() if secret.value else None) == value


def test_the_first_publication_is_later_than_the_one_that_the_target_shows() -> None:
    """Pods may carry stamps of a life before this journal."""
    marks = {**OURS, PUBLICATION_ANNOTATION: "41"}
    old = target(EMPTY, data={"client-secret": "a"}, marks=marks)
    seen = view(EMPTY, target_secret=old, listed="A", probes={Fact.TARGET_PROBE: YES})
    action = plan(seen).action
    assert isinstance(action, Adopt)
    assert action.publication_number == 42


def test_the_message_names_the_foreign_secret_and_not_our_own() -> None:
    blocked = slots_are_blocked(view(journal("A")), listing("A X"))
    assert blocked is not None
    assert "did not make X" in blocked.message


@pytest.mark.parametrize(
    ("target_probe", "described_probe", "expected"),
    [
        pytest.param(PERHAPS, PERHAPS, "Hold VerificationRequired", id="nobody could be asked"),
        pytest.param(PERHAPS, YES, "Adopt Adopting", id="the described value is accepted"),
        pytest.param(YES, None, "Adopt Adopting", id="the target's value is accepted"),
        pytest.param(NO, NO, "Adopt Adopting", id="no value is known, so none is published"),
    ],
)
def test_where_verification_is_required_no_unasked_value_is_taken_over(
    target_probe: Probe, described_probe: Probe | None, expected: str
) -> None:
    seen = _first_contact(
        in_target="value of A",
        described="value of A",
        target_probe=target_probe,
        described_probe=described_probe,
    )
    required = resource(spec(verification={"mode": VerificationMode.REQUIRED}))
    assert said(RULES["nothing_is_adopted"](replace(seen, resource=required))) == expected


def test_where_verification_is_skipped_the_values_are_taken_over_unasked() -> None:
    skipped = resource(spec(verification={"mode": VerificationMode.SKIP}))
    seen = _first_contact(in_target="value of A", described="value of A")
    assert said(RULES["nothing_is_adopted"](replace(seen, resource=skipped))) == "Adopt Adopting"
