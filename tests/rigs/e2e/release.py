"""The operator's chart as a release."""

from typing import Any, Final

from e2e.stage import CHART, DEADLINE_SECONDS, Stage
from e2e.surroundings import COGNITO_URL, HOST_ALIASES
from images import reference

NAME: Final = "cognito-secret-operator"
NAMESPACE: Final = "cognito-secrets"
CREDENTIALS: Final = "aws-credentials"

SETTLE_SECONDS: Final = 3
"""From a publication until workloads are restarted; 60 by default. On one healthy node no cache
lags longer: docs/decisions/0035."""


def values(**changes: Any) -> dict[str, Any]:
    """Give values for this cluster: where the image and Cognito are, and how fast it goes."""
    registry, _, rest = reference().partition("/")
    repository, _, tag = rest.rpartition(":")
    return {
        "image": {
            "registry": registry,
            "repository": repository,
            "tag": tag,
            "pullPolicy": "Never",
        },
        "aws": {
            "credentialsSecret": CREDENTIALS,
            "cognitoEndpointUrl": COGNITO_URL,
            "stsEndpointUrl": COGNITO_URL,
        },
        "hostAliases": HOST_ALIASES,
        "timing": {
            "settleSeconds": SETTLE_SECONDS,
            "pollMinSeconds": 0.5,
            "pollMaxSeconds": 1,
        },
        **changes,
    }


def prepare(stage: Stage, namespace: str = NAMESPACE) -> None:
    """Make a namespace for the operator, with the AWS credentials in it."""
    stage.namespace(namespace)
    credentials = {"AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator"}
    stage.kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": CREDENTIALS},
            "stringData": credentials,
        },
        namespace=namespace,
    )


def install(stage: Stage, given: dict[str, Any], namespace: str = NAMESPACE) -> str:
    """Install the chart, or upgrade to it, and wait until it is ready; give helm's words."""
    return stage.helm(
        "upgrade",
        "--install",
        NAME,
        str(CHART),
        "--namespace",
        namespace,
        "--wait",
        f"--timeout={DEADLINE_SECONDS}s",
        values=given,
    )


def uninstall(stage: Stage, namespace: str = NAMESPACE) -> None:
    """Uninstall the release, and wait until its pods are gone."""
    timeout = f"--timeout={DEADLINE_SECONDS}s"
    stage.helm("uninstall", NAME, "--namespace", namespace, "--wait", timeout)
    operator = "app.kubernetes.io/component=operator"
    stage.wait("the operator's pods are gone", lambda: not stage.pods(namespace, operator))


def allow(*rules: dict[str, Any]) -> dict[str, Any]:
    """Give the allow-list's values."""
    return {"allowList": {"rules": list(rules)}}
