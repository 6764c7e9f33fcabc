import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from harness.operator_process import SOURCE, OperatorProcess
from harness.shop import Shop

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cognito_secret_operator", *arguments],
        env={"PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_tells_its_version() -> None:
    assert run("version").stdout.strip() == "0.1.0"


def test_it_names_every_setting_that_cannot_be_used() -> None:
    done = run("run", CSO_WORKERS="many", CSO_QUOTA_SHARE="2")
    assert done.returncode == 2
    assert "CSO_WORKERS" in done.stderr
    assert "CSO_QUOTA_SHARE" in done.stderr


def test_it_tells_what_it_would_do_next_and_does_not_do_it(shop: Shop) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    shop.apply(shop.resource(client))
    done = run(
        "plan",
        f"{shop.namespace}/orders-api",
        CSO_KUBECONFIG=str(shop.kubeconfig),
        CSO_NAMESPACES=shop.namespace,
        **shop.cognito.environment,
    )
    assert done.stdout.strip() == "CreateJournal: Adopting: creating the journal", done.stderr
    assert shop.secret("orders-api-cognito-journal") == {}
    assert shop.status() == {"observedGeneration": -1}, "nothing was reported"


def test_it_says_what_is_missing_where_it_may_not_list(shop: Shop, tmp_path: Path) -> None:
    done = run(
        "run",
        CSO_KUBECONFIG=str(shop.kubeconfig),
        CSO_NAMESPACES="default",
        CSO_LISTEN_ADDRESS="127.0.0.1",
        CSO_PORT="0",
        CSO_PORT_FILE=str(tmp_path / "port"),
    )
    assert done.returncode == 1
    assert "list" in done.stderr
    assert "cognitoclientsecrets" in done.stderr


def test_its_metrics_tell_which_commit_runs(start_operator: StartOperator) -> None:
    told = start_operator(CSO_REVISION="0ff1ce").metrics()
    assert re.search(r'_build_info\{.*revision="0ff1ce".*\} 1\.0', told)
