from collections.abc import Iterator

import pytest

from emulator import CognitoEmulator


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[CognitoEmulator]:
    with CognitoEmulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: CognitoEmulator) -> CognitoEmulator:
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def pool(emulator: CognitoEmulator) -> str:
    return emulator.create_pool()
