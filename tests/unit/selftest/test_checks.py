"""The self-test finds what is missing, what is too much, and a process that does not answer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import yaml

from cognito_secret_operator.errors import NotFoundError, RetryLaterError
from cognito_secret_operator.selftest import checks
from cognito_secret_operator.selftest.checks import Check, Installation, SelfTest, ServedType
from cognito_secret_operator.selftest.rights import (
    FORBIDDEN,
    LEASE_RIGHTS,
    NEEDED,
    SECRET_RIGHTS,
    Right,
)
from cognito_secret_operator.wire.resource.parse import SPEC_FIELDS

from support.pages import ROOT

WHOLE = ServedType(frozenset({"status"}), SPEC_FIELDS)
NAMES = ("orders-api", "orders-api-cognito-journal")


@dataclass
class Cluster:
    """Serves the type and answers reviews by a rule."""

    granted: Callable[[Right, str, str], bool]
    type: ServedType | None = WHOLE
    older: list[ServedType | None] = field(default_factory=list)
    """What it serves before that."""

    async def may(self, right: Right, namespace: str = "", name: str = "") -> bool:
        return self.granted(right, namespace, name)

    async def served(self) -> ServedType:
        found = self.older.pop(0) if self.older else self.type
        if found is None:
            raise NotFoundError("not served")
        return found


@dataclass
class Process:
    """Answers about itself."""

    problems: list[str | None] = field(default_factory=list)
    told: str = "1.2.3"

    async def readiness(self) -> str | None:
        return self.problems.pop(0) if self.problems else None

    async def version(self) -> str:
        if not self.told:
            raise RetryLaterError("the metrics cannot be reached")
        return self.told


def installation(*namespaces: str, **more: object) -> Installation:
    return Installation("1.2.3", SPEC_FIELDS, namespaces, **more)  # type: ignore[arg-type]


def exactly(*namespaces: str) -> Callable[[Right, str, str], bool]:
    """Grant what is needed in these namespaces; the Lease at home; nothing elsewhere."""

    def granted(right: Right, namespace: str, name: str) -> bool:
        if namespace == "home" and right in LEASE_RIGHTS:
            return (name == "lease") is (right.verb != "create")
        return namespace in namespaces and right in (*NEEDED, *SECRET_RIGHTS)

    return granted


async def problems(cluster: Cluster, wanted: Installation, own: Process | None = None) -> list[str]:
    checks: list[Check] = [one async for one in SelfTest(wanted, cluster, cluster, own).checks()]
    return [f"{one.what}: {one.problem}" for one in checks if one.problem]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PAUSE_SECONDS", 0.0)


async def test_an_installation_as_it_should_be_has_no_problem() -> None:
    wanted = installation("shop", lease=("home", "lease"))
    assert await problems(Cluster(exactly("shop")), wanted, Process()) == []
    assert await problems(Cluster(exactly("")), installation(), Process()) == []


@pytest.mark.parametrize("right", [*NEEDED, *SECRET_RIGHTS], ids=str)
async def test_every_right_that_is_missing_is_named(right: Right) -> None:
    usual = exactly("shop")
    cluster = Cluster(lambda one, *where: one != right and usual(one, *where))
    [problem] = await problems(cluster, installation("shop"))
    assert f"refused: {right}" in problem


@pytest.mark.parametrize("right", FORBIDDEN, ids=str)
async def test_every_right_that_must_not_be_is_named(right: Right) -> None:
    usual = exactly("shop")
    cluster = Cluster(lambda one, *where: one == right or usual(one, *where))
    [problem] = await problems(cluster, installation("shop"))
    assert f"granted: {right}: remove it" in problem


async def test_access_by_name_is_asked_for_by_name_and_any_other_name_must_be_refused() -> None:
    usual = exactly("shop")

    def by_name(right: Right, namespace: str, name: str) -> bool:
        is_secret = right in SECRET_RIGHTS
        return usual(right, namespace, name) and (not is_secret or name in NAMES)

    wanted = installation("shop", secrets={"shop": NAMES})
    assert await problems(Cluster(by_name), wanted) == []
    [problem] = await problems(Cluster(usual), wanted)
    assert f"granted: get secrets {checks.UNGRANTED}" in problem


async def test_rights_outside_the_named_namespaces_are_too_much() -> None:
    [problem] = await problems(Cluster(exactly("shop", "")), installation("shop"))
    assert problem.startswith(
        "rights for served namespaces are refused in all namespaces at once: granted:"
    )


@pytest.mark.parametrize("where", ["default", "home", "kube-system"])
async def test_a_role_in_a_namespace_that_is_not_served_is_too_much(where: str) -> None:
    granted = exactly("shop")
    other = exactly(where)
    cluster = Cluster(lambda *asked: granted(*asked) or other(*asked))
    [problem] = await problems(cluster, installation("shop", lease=("home", "lease")))
    assert problem.startswith(
        f"rights for served namespaces are refused in namespace {where}: granted: "
    )
    assert await problems(cluster, installation("shop", where, lease=("home", "lease"))) == []


async def test_a_stale_or_missing_resource_type_is_told() -> None:
    stale = ServedType(frozenset(), SPEC_FIELDS - {"recovery"})
    [problem] = await problems(Cluster(exactly("shop"), stale), installation("shop"))
    assert "the type lacks recovery, the subresource status: upgrade" in problem
    [problem] = await problems(Cluster(exactly("shop"), None), installation("shop"))
    assert "install the resource type" in problem


async def test_a_type_whose_schema_is_published_late_is_waited_for() -> None:
    cluster = Cluster(exactly("shop"), older=[None, ServedType(frozenset(), frozenset()), None])
    assert await problems(cluster, installation("shop")) == []
    assert cluster.older == []


async def test_all_tries_together_end_before_helm_gives_up() -> None:
    clock = iter(range(0, 10_000, 10))
    own = Process(["no answer"] * 100, told="")
    wanted, cluster = installation("shop"), Cluster(exactly("shop"), type=None)
    test = SelfTest(wanted, cluster, cluster, own, monotonic=lambda: float(next(clock)))
    found = [one.what async for one in test.checks() if one.problem]
    assert len(found) == 3
    # Each try is followed by one look at the clock, ten seconds later.
    assert next(clock) < 240


async def test_a_process_that_becomes_ready_late_is_waited_for() -> None:
    late = Process(["not yet"] * (checks.TRIES - 1))
    assert await problems(Cluster(exactly("shop")), installation("shop"), late) == []
    never = Process(["not yet"] * checks.TRIES)
    [problem] = await problems(Cluster(exactly("shop")), installation("shop"), never)
    assert problem == "the operator is ready: not yet"


@pytest.mark.parametrize(("told", "word"), [("1.2.2", "found 1.2.2"), ("", "be reached")])
async def test_a_process_of_another_version_is_told(told: str, word: str) -> None:
    own = Process(told=told)
    [problem] = await problems(Cluster(exactly("shop")), installation("shop"), own)
    assert word in problem


def test_the_fields_that_are_looked_for_are_those_of_the_schema() -> None:
    crd = yaml.safe_load((ROOT / "crds" / "cognitoclientsecrets.yaml").read_text(encoding="utf-8"))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert set(schema["properties"]["spec"]["properties"]) == SPEC_FIELDS
