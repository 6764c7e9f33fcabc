"""Every state that a resource can be in for long, brought about at once in one namespace."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from emulator.process import Client
from harness.shop import Shop, application

UNREACHABLE: Final = "http://localhost:9/oauth2/token"
DUE: Final = timedelta(days=91)


@dataclass(frozen=True)
class State:
    """One state: a resource of this name, and how it gets there."""

    name: str
    reason: str
    """Of `status.waitsFor`, by which the state is recognised."""

    means: str
    spec: dict[str, Any] = field(default_factory=dict)
    age: timedelta = timedelta()
    is_public: bool = False
    is_value_lost: bool = False
    """Whether the client's first secret was replaced by one whose value nobody has."""

    workload: dict[str, Any] | None = field(default_factory=dict)
    """Changes of the Deployment that uses the Secret; None: there is none."""

    requests: str = ""
    """Annotation to set once it is adopted."""


STATES: Final = (
    State("at-rest", "NotDue", "Nothing to do before the date under `NEXT`."),
    State(
        "awaits-approval",
        "AwaitingApproval",
        "Every pod has moved. The first secret was adopted, and a person has to permit its end.",
        {"adoption": {"retireOriginal": "Approve"}},
        age=DUE,
    ),
    State(
        "first-secret",
        "Verifying",
        "Nobody knows the value of the client's secret: a new one is on its way, and the target is "
        "not usable yet.",
        {"verification": {"tokenEndpoint": UNREACHABLE, "activationDelay": "12h"}},
        is_value_lost=True,
    ),
    State(
        "held-by-nobody",
        "NoConsumers",
        "Nothing uses the Secret, so nothing can be proved about the previous secret. "
        "`rollout.progressDeadline` was short here.",
        {"rollout": {"progressDeadline": "1s"}},
        age=DUE,
        workload=None,
    ),
    State(
        "observed",
        "Observing",
        "Only looked at.",
        {"policy": "Observe"},
    ),
    State(
        "overlaps",
        "OverlapRunning",
        "Every pod has moved; both secrets stay valid for `retirement.minOverlap`.",
        {"retirement": {"minOverlap": "12h", "maxOverlap": "24h"}},
        age=DUE,
    ),
    State(
        "paused",
        "RolloutPaused",
        "A workload does not move its pods, and a person has to see to it.",
        workload={"paused": True},
        requests="cognito-secrets.dev/rotate=now",
    ),
    State(
        "public",
        "PublicClient",
        "The app client can have no secret.",
        is_public=True,
        workload=None,
    ),
    State(
        "rolls-out",
        "PodsNotRolled",
        "A pod takes its time to end, and may hold the previous secret until then.",
        age=DUE,
        workload={"grace": 3600},
    ),
    State("suspended", "Suspended", "Frozen by `spec.suspend`.", {"suspend": True}),
    State(
        "verifies",
        "Verifying",
        "Nobody can be asked whether Cognito accepts the new secret: the activation delay runs.",
        {"verification": {"tokenEndpoint": UNREACHABLE, "activationDelay": "12h"}},
        age=DUE,
    ),
    State(
        "unknown-leak",
        "EmergencyUnknown",
        "Somebody reported a leak of an id that the client does not have.",
        requests="cognito-secrets.dev/emergency=not-an-id",
    ),
)


def bring_about(shop: Shop, state: State) -> Client:
    """Apply what makes a state."""
    client = shop.cognito.create_client(shop.pool_id, age=state.age, generate=not state.is_public)
    if state.is_value_lost:
        forget_the_value(shop, client)
    documents = [shop.resource(client, state.name, **state.spec)]
    if state.workload is not None:
        deployment = application(
            state.name, replicas=1, secret=state.name, grace_seconds=state.workload.get("grace", 1)
        )
        documents.append(deployment)
    shop.apply(*documents)
    return client


def bring_all_about(shop: Shop) -> None:
    """Apply what makes the states; an operator has to run for them to come."""
    for state in STATES:
        bring_about(shop, state)


def wait_for_all(shop: Shop) -> None:
    """Ask for what a state takes, and wait until each is there."""
    for state in STATES:
        if state.requests:
            make_request(shop, state)
    for state in STATES:
        shop.wait(f"{state.name} waits", partial(is_there, shop, state))


def forget_the_value(shop: Shop, client: Client) -> None:
    """Replace a client's secret at Cognito by one whose value nobody has written down."""
    (first,) = shop.active_ids(client)
    at = {"UserPoolId": client.pool_id, "ClientId": client.client_id}
    shop.cognito.cognito.add_user_pool_client_secret(**at)
    shop.cognito.cognito.delete_user_pool_client_secret(**at, ClientSecretId=first)


def make_request(shop: Shop, state: State) -> None:
    """Wait until a resource is adopted and its pods run, then pause them on wish, and ask."""
    shop.wait("it is adopted", lambda: shop.condition("Ready", state.name).get("status") == "True")
    shop.wait("its pods run", lambda: len(pods_of(shop, state)) == 1)
    if state.workload and state.workload.get("paused"):
        shop.kubectl("rollout", "pause", "-n", shop.namespace, f"deployment/{state.name}")
    shop.kubectl("annotate", "-n", shop.namespace, "ccs", state.name, state.requests)


def pods_of(shop: Shop, state: State) -> list[dict[str, Any]]:
    """Read the pods of a state's application."""
    return [pod for pod in shop.pods() if pod["metadata"]["labels"]["app"] == state.name]


def is_there(shop: Shop, state: State) -> bool:
    """Tell whether the resource says what it waits for."""
    return waits_for(shop, state.name) == state.reason


def waits_for(shop: Shop, name: str) -> str:
    """Give in one word what a resource waits for."""
    return str(shop.status(name).get("waitsFor", {}).get("reason", ""))
