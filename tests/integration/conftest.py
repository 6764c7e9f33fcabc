from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop

StartOperator = Callable[..., OperatorProcess]


@pytest.fixture
def start_operator(shop: Shop, tmp_path: Path) -> Iterator[StartOperator]:
    """Starts operator processes in the shop's namespace; all are ended at the end."""
    started: list[OperatorProcess] = []

    def start(*, wait: bool = True, **environment: str) -> OperatorProcess:
        operator = OperatorProcess(
            kubeconfig=shop.kubeconfig,
            namespaces=(shop.namespace,),
            environment={**shop.cognito.environment, **environment},
            workdir=tmp_path,
            name=f"operator-{len(started)}",
        )
        started.append(operator)
        operator.start(wait=wait)
        return operator

    yield start
    for operator in started:
        operator.thaw()
        operator.stop()
