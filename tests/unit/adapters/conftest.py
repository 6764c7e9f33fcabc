from collections.abc import AsyncIterator

import pytest_asyncio

from cognito_secret_operator.adapters.kube_api import KubeApi

from support.loopback import Loopback, loopback


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Loopback]:
    async with loopback() as server:
        yield server


@pytest_asyncio.fixture
async def api(server: Loopback) -> AsyncIterator[KubeApi]:
    async with server.api() as api:
        yield api
