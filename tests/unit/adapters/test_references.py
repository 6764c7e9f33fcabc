from typing import Any

import pytest

from cognito_secret_operator.adapters.references import all_readers, readers, refers_to
from cognito_secret_operator.domain.rollout import Reader

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


VOLUME = {"name": "v", "secret": {"secretName": NAME}}
PROJECTED = {"name": "v", "projected": {"sources": [{"secret": {"name": NAME}}]}}
MOUNT = {"name": "v", "mountPath": "/client"}
ONE_FILE = {**MOUNT, "subPath": "client-secret"}
EXPANDED = {**MOUNT, "subPathExpr": "$(POD_NAME)"}

READERS: dict[str, tuple[dict[str, Any], list[Reader]]] = {
    "an environment never changes": (
        {"containers": [container(env=[ENV])]},
        [Reader("app", reloads=False)],
    ),
    "all keys in an environment never change": (
        {"containers": [container(envFrom=[ENV_FROM])]},
        [Reader("app", reloads=False)],
    ),
    "a mounted volume follows the Secret": (
        {"containers": [container(volumeMounts=[MOUNT])], "volumes": [VOLUME]},
        [Reader("app", reloads=True)],
    ),
    "a mounted projection follows the Secret": (
        {"containers": [container(volumeMounts=[MOUNT])], "volumes": [PROJECTED]},
        [Reader("app", reloads=True)],
    ),
    "one file mounted by subPath never changes": (
        {"containers": [container(volumeMounts=[ONE_FILE])], "volumes": [VOLUME]},
        [Reader("app", reloads=False)],
    ),
    "one file mounted by an expression never changes": (
        {"containers": [container(volumeMounts=[EXPANDED])], "volumes": [VOLUME]},
        [Reader("app", reloads=False)],
    ),
    "the volume, and one file of it by subPath": (
        {"containers": [container(volumeMounts=[MOUNT, ONE_FILE])], "volumes": [VOLUME]},
        [Reader("app", reloads=False)],
    ),
    "files and the environment": (
        {"containers": [container(volumeMounts=[MOUNT], env=[ENV])], "volumes": [VOLUME]},
        [Reader("app", reloads=False)],
    ),
    "containers of every kind": (
        {
            "containers": [container(volumeMounts=[MOUNT]), container(name="other")],
            "initContainers": [container(name="init", env=[ENV])],
            "ephemeralContainers": [container(name="debug", volumeMounts=[MOUNT])],
            "volumes": [VOLUME],
        },
        [
            Reader("app", reloads=True),
            Reader("init", reloads=False),
            Reader("debug", reloads=True),
        ],
    ),
    "a volume that nobody mounts": ({"containers": [container()], "volumes": [VOLUME]}, []),
    "another volume's mount": (
        {
            "containers": [container(volumeMounts=[{"name": "w", "mountPath": "/w"}])],
            "volumes": [VOLUME, {"name": "w", "emptyDir": {}}],
        },
        [],
    ),
}


@pytest.mark.parametrize(("spec", "expected"), READERS.values(), ids=READERS.keys())
def test_which_containers_read_it_and_can_read_it_again(
    spec: dict[str, Any], expected: list[Reader]
) -> None:
    assert list(readers(spec, NAME)) == expected


def test_who_names_no_secret_may_ask_the_api_server_with_every_container() -> None:
    spec = {"containers": [container()], "initContainers": [container(name="init")]}
    assert all_readers(spec) == (Reader("app", reloads=True), Reader("init", reloads=True))
