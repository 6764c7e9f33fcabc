"""What the run has shown, as a table."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from e2e.shop import Application
from e2e.surroundings import Surroundings
from harness.applications import FLOWS, Made, seen_by_cognito, told

HEADINGS: Final = (
    "application",
    "sign-ins",
    "failed",
    "rotations",
    "secrets left",
    "longest pause",
    "pods",
)


@dataclass(frozen=True)
class Row:
    """What one application has shown."""

    name: str
    made: Made
    """After the applications' own count."""
    seen: Made
    """After Cognito's count."""
    rotations: int
    secrets_left: int
    longest_pause: float
    """Seconds between two sign-ins of the same kind that Cognito accepted one after the other."""
    pods: int
    restored: int
    """Refreshes of a session that had begun with another secret."""
    errors: tuple[str, ...] = ()
    """What was wrong with sign-ins that failed, by pod."""

    def problems(self, at_least: int) -> list[str]:
        """Tell what should not be so, *at_least* so many rotations being wanted."""
        wrong = {
            f"{self.made.failed} sign-ins failed": self.made.failed != 0,
            f"Cognito refused {self.seen.failed} sign-ins": self.seen.failed != 0,
            f"the application counted {self.made}, Cognito {self.seen}": self.made != self.seen,
            "it never signed in": self.made.attempts == 0,
            f"{self.rotations} rotations of {at_least}": self.rotations < at_least,
            f"{self.secrets_left} secrets are left": self.secrets_left != 1,
            "no session outlived its secret": self.name == "user" and self.restored == 0,
        }
        told = [text for text, is_so in wrong.items() if is_so]
        return [f"{self.name}: {text}" for text in (*told, *self.errors)]


def rows(around: Surroundings, applications: list[Application]) -> list[Row]:
    """Ask the store and Cognito, once all pods are gone."""
    counts = around.counts()
    pods = Counter(key.partition(".")[0] for key in counts)
    return [
        Row(
            name=one.name,
            made=told(counts, one.name),
            seen=seen_by_cognito(around.cognito, one.client),
            rotations=_deleted(around, one),
            secrets_left=len(one.active_ids()),
            longest_pause=_longest_pause(around, one),
            pods=pods[one.name],
            restored=sum(
                counts[key]["restored"] for key in counts if key.startswith(f"{one.name}.")
            ),
            errors=tuple(
                f"{key}: {error}"
                for key in counts
                if key.startswith(f"{one.name}.")
                for error in counts[key]["errors"]
            ),
        )
        for one in applications
    ]


def draw(made: list[Row], seconds: float, settle_seconds: float) -> str:
    """Draw the table.

    Args:
        made: a row for each application.
        seconds: how long they have signed in.
        settle_seconds: from a publication until workloads were restarted.

    """
    lines = [HEADINGS, *(_cells(row) for row in made), _total(made)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    drawn = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    rule = "-" * len(drawn[0])
    restored = sum(row.restored for row in made)
    return "\n".join(
        [
            drawn[0],
            rule,
            *drawn[1:-1],
            rule,
            drawn[-1],
            "",
            f"In {seconds:.0f} s. Settle was {settle_seconds:g} s in place of 60,",
            "the minimum overlap 0 s in place of an hour.",
            _agreement(made),
            f"{restored:,} of them refreshed a session that had begun with another secret.",
        ]
    )


def _agreement(made: list[Row]) -> str:
    if any(row.made != row.seen for row in made):
        seen = ", ".join(f"{row.name} {row.seen}" for row in made)
        return f"Cognito's own count DIFFERS: {seen}"
    return "Cognito's own count of accepted and refused sign-ins is the same."


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.made.attempts:,}",
        f"{row.made.failed}",
        f"{row.rotations}",
        f"{row.secrets_left}",
        f"{row.longest_pause:.2f} s",
        f"{row.pods}",
    )


def _total(made: list[Row]) -> tuple[str, ...]:
    return (
        "total",
        f"{sum(row.made.attempts for row in made):,}",
        f"{sum(row.made.failed for row in made)}",
        f"{sum(row.rotations for row in made)}",
        f"{sum(row.secrets_left for row in made)}",
        f"{max(row.longest_pause for row in made):.2f} s",
        f"{sum(row.pods for row in made)}",
    )


def _deleted(around: Surroundings, application: Application) -> int:
    """Count the secrets that Cognito deleted: a rotation ends with one."""
    return sum(not one.active for one in around.cognito.secrets(application.client.client_id))


def _longest_pause(around: Surroundings, application: Application) -> float:
    client_id = application.client.client_id
    pauses = around.cognito.pauses()
    return max(
        (
            pause["seconds"]
            for pause in pauses
            if pause["client"] == client_id and pause["flow"] in FLOWS
        ),
        default=0.0,
    )
