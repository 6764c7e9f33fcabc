"""The world that integration tests share: one control plane and one emulated Cognito a run."""

import secrets
from collections.abc import Iterator

import pytest

from rig.shop import CRDS, Kubectl, Shop, open_shop

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from emulator.process import CognitoEmulator


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
