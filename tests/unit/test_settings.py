from datetime import timedelta
from pathlib import Path

import pytest

from cognito_secret_operator.domain.model import Timing
from cognito_secret_operator.errors import ActionNeededError
from cognito_secret_operator.settings import (
    PREFIX,
    VARIABLES,
    Settings,
    SettingsError,
    unknown_variables,
)


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings.namespaces == ()
    assert (settings.listen_address, settings.port) == ("", 8080)
    assert (settings.log_level, settings.log_format) == ("INFO", "json")
    assert (settings.workers, settings.quota_share) == (10, 0.5)
    assert (settings.poll_min, settings.poll_max) == (timedelta(seconds=5), timedelta(seconds=60))
    assert settings.timing == Timing()
    assert settings.kubeconfig is None
    assert settings.port_file is None


def test_the_defaults_in_the_table_are_what_unset_means() -> None:
    written = {variable.name: variable.default for variable in VARIABLES}
    assert Settings.from_environment(written) == Settings.from_environment({})


def test_an_empty_variable_counts_as_unset() -> None:
    empty = {variable.name: " " for variable in VARIABLES}
    assert Settings.from_environment(empty) == Settings.from_environment({})


def test_every_row_of_the_table_has_our_prefix_and_a_description() -> None:
    assert all(v.name.startswith(PREFIX) and v.description.endswith(".") for v in VARIABLES)
    assert len({v.name for v in VARIABLES}) == len(VARIABLES)


def test_every_variable_is_read(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.touch()
    settings = Settings.from_environment(
        {
            "CSO_NAMESPACES": "shop, bank,shop,",
            "CSO_KUBECONFIG": str(kubeconfig),
            "CSO_ALLOW_FILE": str(tmp_path / "allow.yaml"),
            "CSO_FREEZE_FILE": str(tmp_path / "freeze"),
            "CSO_LEASE_NAME": "cso",
            "CSO_LEASE_NAMESPACE": "cognito-secrets",
            "CSO_LEASE_SECONDS": "30",
            "CSO_LISTEN_ADDRESS": "::1",
            "CSO_PORT": "0",
            "CSO_PORT_FILE": str(tmp_path / "port"),
            "CSO_REVISION": "0ff1ce",
            "CSO_LOG_LEVEL": "debug",
            "CSO_LOG_FORMAT": "TEXT",
            "CSO_WORKERS": "3",
            "CSO_QUOTA_SHARE": "1",
            "CSO_POLL_MIN_SECONDS": "0.1",
            "CSO_POLL_MAX_SECONDS": "0.5",
            "CSO_SETTLE_SECONDS": "0",
            "CSO_ADD_DEADLINE_SECONDS": "1",
            "CSO_LIST_LAG_SECONDS": "2",
            "CSO_LIST_PERIOD_SECONDS": "3",
            "CSO_LIST_DISTRUST_SECONDS": "4",
            "CSO_MISSING_GRACE_SECONDS": "5",
            "CSO_REFUSAL_GRACE_SECONDS": "6",
            "CSO_RETRY_AFTER_FAILURE_SECONDS": "7",
        }
    )
    assert settings == Settings(
        namespaces=("bank", "shop"),
        kubeconfig=kubeconfig,
        allow_file=tmp_path / "allow.yaml",
        freeze_file=tmp_path / "freeze",
        lease_name="cso",
        lease_namespace="cognito-secrets",
        lease_duration=timedelta(seconds=30),
        listen_address="::1",
        port=0,
        port_file=tmp_path / "port",
        revision="0ff1ce",
        log_level="DEBUG",
        log_format="text",
        workers=3,
        quota_share=1.0,
        poll_min=timedelta(seconds=0.1),
        poll_max=timedelta(seconds=0.5),
        timing=Timing(
            settle=timedelta(0),
            add_deadline=timedelta(seconds=1),
            list_lag=timedelta(seconds=2),
            list_period=timedelta(seconds=3),
            list_distrust=timedelta(seconds=4),
            missing_grace=timedelta(seconds=5),
            refusal_grace=timedelta(seconds=6),
            retry_after_failure=timedelta(seconds=7),
        ),
    )


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        pytest.param("CSO_NAMESPACES", "team-*", "exact names", id="patterns are no namespaces"),
        pytest.param("CSO_NAMESPACES", "Shop", "exact names", id="namespaces are lower-case"),
        pytest.param("CSO_KUBECONFIG", "/nowhere/at/all", "path of", id="a file that is not there"),
        pytest.param("CSO_LEASE_NAME", "Leader", "lower-case", id="a lease in capitals"),
        pytest.param("CSO_LEASE_SECONDS", "0", "1 to 600", id="a lease that lapses at once"),
        pytest.param("CSO_LEASE_SECONDS", "1.5", "1 to 600", id="a Lease knows whole seconds"),
        pytest.param("CSO_LISTEN_ADDRESS", "localhost", "it empty", id="a name is no address"),
        pytest.param("CSO_PORT", "65536", "0 to 65535", id="a port too high"),
        pytest.param("CSO_PORT", "-1", "0 to 65535", id="a negative port"),
        pytest.param("CSO_PORT", "tcp://10.0.0.1:80", "enableServiceLinks", id="a service link"),
        pytest.param("CSO_LOG_LEVEL", "TRACE", "DEBUG, INFO", id="no such level"),
        pytest.param("CSO_LOG_FORMAT", "xml", "json or text", id="no such format"),
        pytest.param("CSO_WORKERS", "0", "1 to 100", id="no worker does no work"),
        pytest.param("CSO_WORKERS", "2.5", "1 to 100", id="half a worker"),
        pytest.param("CSO_QUOTA_SHARE", "0", "at most 1", id="no share of the quota"),
        pytest.param("CSO_QUOTA_SHARE", "50", "at most 1", id="a percentage is no share"),
        pytest.param("CSO_QUOTA_SHARE", "nan", "at most 1", id="not a number is no share"),
        pytest.param("CSO_SETTLE_SECONDS", "60s", "without a unit", id="a unit after seconds"),
        pytest.param("CSO_SETTLE_SECONDS", "-1", "from 0", id="a negative span"),
        pytest.param("CSO_SETTLE_SECONDS", "inf", "from 0", id="an endless span"),
        pytest.param("CSO_LIST_PERIOD_SECONDS", "0", "above 0", id="looking without a pause"),
        pytest.param("CSO_ADD_DEADLINE_SECONDS", "0", "above 0", id="no time to add anything"),
    ],
)
def test_a_wrong_variable_is_named_with_its_remedy(name: str, text: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: text})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} is {text!r}: ")
    assert remedy in problem.partition(";")[2]


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"CSO_POLL_MIN_SECONDS": "61"}, id="the first wait is above the longest"),
        pytest.param({"CSO_LEASE_NAME": "cso"}, id="a lease without its namespace"),
        pytest.param({"CSO_LIST_LAG_SECONDS": "601"}, id="a lagging list outranks an answer"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environment)
    (problem,) = caught.value.problems
    assert all(name in problem for name in environment)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"CSO_PORT": "x", "CSO_WORKERS": "y", "CSO_LOG_LEVEL": "z"})
    assert len(caught.value.problems) == 3
    assert all(problem in caught.value.message for problem in caught.value.problems)


def test_the_error_is_one_that_a_person_has_to_act_on() -> None:
    assert issubclass(SettingsError, ActionNeededError)


def test_misspelt_variables_are_named() -> None:
    environment = {"CSO_WORKER": "3", "CSO_WORKERS": "3", "HOME": "/"}
    assert unknown_variables(environment) == ("CSO_WORKER",)
