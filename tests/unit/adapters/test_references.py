from typing import Any

import pytest

from cognito_secret_operator.adapters.references import refers_to

NAME = "orders-api"

ENV = {"name": "A", "valueFrom": {"secretKeyRef": {"name": NAME, "key": "client-secret"}}}
OPTIONAL_ENV = {
    "name": "A",
    "valueFrom": {"secretKeyRef": {"name": NAME, "key": "k", "optional": True}},
}
ENV_FROM = {"secretRef": {"name": NAME}, "prefix": "COGNITO_"}


def container(**parts: Any) -> dict[str, Any]:
    return {"name": "app", "image": "app", **parts}


REFERENCES: dict[str, dict[str, Any]] = {
    "a variable reads one key": {"containers": [container(env=[ENV])]},
    "a variable reads one key if it is there": {"containers": [container(env=[OPTIONAL_ENV])]},
    "the variable is not the first one": {
        "containers": [container(env=[{"name": "B", "value": "b"}, ENV])]
    },
    "the container is not the first one": {"containers": [container(), container(env=[ENV])]},
    "all keys become variables": {"containers": [container(envFrom=[ENV_FROM])]},
    "all keys become variables, after a ConfigMap's": {
        "containers": [container(envFrom=[{"configMapRef": {"name": "c"}}, ENV_FROM])]
    },
    "an init container has a variable": {
        "initContainers": [container(env=[ENV])],
        "containers": [container()],
    },
    "an init container has all keys": {
        "initContainers": [container(envFrom=[ENV_FROM])],
        "containers": [container()],
    },
    "a sidecar has a variable": {
        "initContainers": [container(env=[ENV], restartPolicy="Always")],
        "containers": [container()],
    },
    "an ephemeral container has a variable": {
        "containers": [container()],
        "ephemeralContainers": [container(env=[ENV])],
    },
    "an ephemeral container has all keys": {
        "containers": [container()],
        "ephemeralContainers": [container(envFrom=[ENV_FROM])],
    },
    "a volume is the Secret": {
        "containers": [container()],
        "volumes": [{"name": "v", "secret": {"secretName": NAME}}],
    },
    "a volume is one item of the Secret": {
        "containers": [container()],
        "volumes": [
            {"name": "v", "secret": {"secretName": NAME, "items": [{"key": "k", "path": "p"}]}}
        ],
    },
    "a projected volume has the Secret among its sources": {
        "containers": [container()],
        "volumes": [
            {
                "name": "v",
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"path": "token"}},
                        {"secret": {"name": NAME}},
                    ]
                },
            }
        ],
    },
}

NO_REFERENCES: dict[str, dict[str, Any]] = {
    "the spec is empty": {},
    "every list is null": {
        "containers": None,
        "initContainers": None,
        "ephemeralContainers": None,
        "volumes": None,
    },
    "parts are null": {
        "containers": [container(env=[{"name": "A", "valueFrom": None}], envFrom=None)],
        "volumes": [{"name": "v", "projected": {"sources": None}}, {"name": "w", "secret": None}],
    },
    "a variable is a literal of the same text": {
        "containers": [container(env=[{"name": NAME, "value": NAME}])]
    },
    "a variable reads another Secret": {
        "containers": [
            container(
                env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "b", "key": NAME}}}]
            )
        ]
    },
    "the name is only a prefix": {
        "containers": [container(envFrom=[{"secretRef": {"name": f"{NAME}-cognito-journal"}}])]
    },
    "a ConfigMap has the same name": {
        "containers": [
            container(
                env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": NAME, "key": "k"}}}],
                envFrom=[{"configMapRef": {"name": NAME}}],
            )
        ],
        "volumes": [
            {"name": "v", "configMap": {"name": NAME}},
            {"name": "w", "projected": {"sources": [{"configMap": {"name": NAME}}]}},
        ],
    },
    "a volume of that name is something else": {
        "containers": [container()],
        "volumes": [{"name": NAME, "emptyDir": {}}],
    },
    "images are pulled with the Secret": {
        "containers": [container()],
        "imagePullSecrets": [{"name": NAME}],
    },
    "a CSI driver signs in with the Secret": {
        "containers": [container()],
        "volumes": [{"name": "v", "csi": {"driver": "d", "nodePublishSecretRef": {"name": NAME}}}],
    },
    "the Secret belongs to the ServiceAccount of that name": {
        "containers": [container()],
        "serviceAccountName": NAME,
    },
}


@pytest.mark.parametrize("spec", REFERENCES.values(), ids=REFERENCES.keys())
def test_it_refers_when(spec: dict[str, Any]) -> None:
    assert refers_to(spec, NAME)


@pytest.mark.parametrize("spec", NO_REFERENCES.values(), ids=NO_REFERENCES.keys())
def test_it_does_not_refer_when(spec: dict[str, Any]) -> None:
    assert not refers_to(spec, NAME)
