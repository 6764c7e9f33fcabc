"""The world that integration tests share: one control plane and one emulated Cognito a run."""

import secrets
from collections.abc import Iterator
from typing import Final

import pytest

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from emulator.process import CognitoEmulator
from harness.shop import CRDS, Kubectl, Shop, open_shop

LONGEST_FIRST: Final = (
    "test_disasters.py",
    "test_story.py",
    "test_lifecycle.py",
    "test_recovery.py",
    "test_access_modes.py",
    "test_policies.py",
    "test_kill.py",
    "test_jobs.py",
    "test_lease.py",
    "test_recreations.py",
)
"""Files that take two minutes and more. What comes last leaves the other workers idle meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; --no-loadscope-reorder lets xdist keep to this order."""
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    """A running control plane with our resource type installed."""
    with ControlPlane() as started:
        kubectl = Kubectl(started)
        kubectl("apply", "-f", str(CRDS))
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield started


@pytest.fixture(scope="session")
def api(cluster: ControlPlane) -> Iterator[AdminApi]:
    """A JSON client of the cluster, as its administrator."""
    with AdminApi(cluster.url, cluster.ca_file, cluster.admin_token) as client:
        yield client


@pytest.fixture(scope="session")
def shared_cognito() -> Iterator[CognitoEmulator]:
    """The one process of the emulated Cognito."""
    with CognitoEmulator() as started:
        yield started


@pytest.fixture
def cognito(shared_cognito: CognitoEmulator) -> CognitoEmulator:
    """The emulated Cognito, with nothing in it and no fault set."""
    shared_cognito.reset()
    return shared_cognito


@pytest.fixture
def namespace(cluster: ControlPlane) -> str:
    """A fresh namespace."""
    name = f"test-{secrets.token_hex(4)}"
    Kubectl(cluster)("create", "namespace", name)
    return name


@pytest.fixture
def shop(cluster: ControlPlane, cognito: CognitoEmulator, api: AdminApi) -> Shop:
    """A fresh namespace with a user pool and the operator's account."""
    return open_shop(cluster, cognito, api)
