"""Where the values about AWS, and about the process, have their effect."""

from collections.abc import Iterator
from typing import Any, Final

from .places import CONTAINER, ENV, OBJECT, POD, Row, in_one_render, same

ROLE: Final = "arn:aws:iam::111122223333:role/rotator"
CA: Final = "/etc/cognito-secret-operator-ca"
PROXY: Final = "http://proxy.example.test:3128"
NEVER_PROXIED: Final = "169.254.170.23,[fd00:ec2::23],localhost,127.0.0.1,.svc,.cluster.local"
ACCOUNT: Final = ("ServiceAccount", OBJECT, "metadata", "annotations")
URL: Final = "https://a.test"


def key_of(name: str, **more: bool) -> dict[str, Any]:
    """Write the source of a variable in the Secret of the rows."""
    return {"secretKeyRef": {"name": "keys", "key": name, **more}}


def variable(name: str, value: Any, told: str, expected: str) -> Row:  # noqa: ANN401  # of YAML
    """Make the row of a value that becomes a variable of the process."""
    return Row(name, value, (*ENV, told, "value"), expected)


def keys() -> Iterator[Row]:
    """Yield the rows of credentials from a Secret."""
    for name, source in (
        ("AWS_ACCESS_KEY_ID", key_of("AWS_ACCESS_KEY_ID")),
        ("AWS_SECRET_ACCESS_KEY", key_of("AWS_SECRET_ACCESS_KEY")),
        ("AWS_SESSION_TOKEN", key_of("AWS_SESSION_TOKEN", optional=True)),
    ):
        yield Row("aws.credentialsSecret", "keys", (*ENV, name, "valueFrom"), source)


AWS: Final[list[Row]] = [
    Row("aws.roleArn", ROLE, (*ACCOUNT, "eks.amazonaws.com/role-arn"), ROLE),
    *in_one_render(
        [
            *keys(),
            variable(
                "aws.cognitoEndpointUrl", URL, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", URL
            ),
            variable(
                "aws.stsEndpointUrl", "https://b.test", "AWS_ENDPOINT_URL_STS", "https://b.test"
            ),
            variable("aws.useFipsEndpoint", True, "AWS_USE_FIPS_ENDPOINT", "true"),
            variable("aws.useDualstackEndpoint", True, "AWS_USE_DUALSTACK_ENDPOINT", "true"),
            variable("aws.trustedCa.configMap", "ca", "AWS_CA_BUNDLE", f"{CA}/root.pem"),
            variable("aws.trustedCa.configMap", "ca", "SSL_CERT_FILE", f"{CA}/root.pem"),
            variable("aws.trustedCa.key", "root.pem", "AWS_CA_BUNDLE", f"{CA}/root.pem"),
            variable("aws.trustedCa.key", "root.pem", "SSL_CERT_FILE", f"{CA}/root.pem"),
            Row(
                *("aws.trustedCa.configMap", "ca"),
                (*CONTAINER, "volumeMounts", "trusted-ca", "mountPath"),
                CA,
            ),
            Row(
                *("aws.trustedCa.configMap", "ca"),
                (*POD, "volumes", "trusted-ca", "configMap"),
                {"name": "ca"},
            ),
            variable("aws.proxy.url", PROXY, "HTTPS_PROXY", PROXY),
            variable("aws.proxy.url", PROXY, "HTTP_PROXY", PROXY),
        ]
    ),
    variable("aws.trustedCa.configMap", "ca", "AWS_CA_BUNDLE", f"{CA}/ca.crt"),
    variable("aws.proxy.url", PROXY, "NO_PROXY", NEVER_PROXIED),
    Row(
        "aws.proxy.noProxy",
        ["vault.example.test"],
        (*ENV, "NO_PROXY", "value"),
        f"{NEVER_PROXIED},vault.example.test",
        {"aws.proxy.url": PROXY},
    ),
]

PROCESS: Final[list[Row]] = [
    *in_one_render(
        [
            variable("lease.durationSeconds", 40, "CSO_LEASE_SECONDS", "40"),
            variable("log.level", "DEBUG", "CSO_LOG_LEVEL", "DEBUG"),
            variable("log.format", "text", "CSO_LOG_FORMAT", "text"),
            variable("workers", 25, "CSO_WORKERS", "25"),
            variable("quotaShare", 0.25, "CSO_QUOTA_SHARE", "0.25"),
            variable("listenAddress", "::", "CSO_LISTEN_ADDRESS", "::"),
            variable("port", 9090, "CSO_PORT", "9090"),
            same("port", 9090, *CONTAINER, "ports", "http", "containerPort"),
            same("port", 9090, "Service", OBJECT, "spec", "ports", "http", "port"),
            variable("timing.pollMinSeconds", 0.5, "CSO_POLL_MIN_SECONDS", "0.5"),
            variable("timing.pollMaxSeconds", 61, "CSO_POLL_MAX_SECONDS", "61"),
            variable("timing.settleSeconds", 62, "CSO_SETTLE_SECONDS", "62"),
            variable("timing.addDeadlineSeconds", 31, "CSO_ADD_DEADLINE_SECONDS", "31"),
            variable("timing.listLagSeconds", 63, "CSO_LIST_LAG_SECONDS", "63"),
            variable("timing.listPeriodSeconds", 2592000, "CSO_LIST_PERIOD_SECONDS", "2592000"),
            variable("timing.listDistrustSeconds", 601, "CSO_LIST_DISTRUST_SECONDS", "601"),
            variable("timing.missingGraceSeconds", 301, "CSO_MISSING_GRACE_SECONDS", "301"),
            variable("timing.refusalGraceSeconds", 302, "CSO_REFUSAL_GRACE_SECONDS", "302"),
            variable(
                *("timing.retryAfterFailureSeconds", 3601),
                *("CSO_RETRY_AFTER_FAILURE_SECONDS", "3601"),
            ),
        ]
    ),
]
