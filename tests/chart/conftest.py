import pytest

from helmchart.helm import Helm


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Runs helm without a cluster."""
    return Helm()
