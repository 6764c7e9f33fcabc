"""Where names, the image, what is served, and the resource type have their effect."""

from typing import Any, Final

from cognito_secret_operator import __version__

from .places import CONTAINER, DEPLOYMENT, ENV, OBJECT, POD, Row, in_one_render, same

DIGEST: Final = f"sha256:{'0' * 64}"
SAME_NAME: Final = f"{OBJECT}/{OBJECT}"
RULES: Final = [{"namespaces": ["shop"], "userPools": ["*"]}]
RENAMED: Final = f"{OBJECT}-rotator"
TEMPLATE: Final = (*DEPLOYMENT, "spec", "template", "metadata")
CRD: Final = ("CustomResourceDefinition", "cognitoclientsecrets.cognito-secrets.dev")
KEEP: Final = (*CRD, "metadata", "annotations", "helm.sh/resource-policy")
CONFIG: Final = ("ConfigMap", OBJECT)
ALONE: Final[dict[str, Any]] = {"replicaCount": 1, "strategy": {"type": "Recreate"}}
SHOP: Final = {"watch.namespaces": ["shop"]}


def image(key: str, value: str, expected: str) -> Row:
    """Make the row of a part of the image's name."""
    return Row(f"image.{key}", value, (*CONTAINER, "image"), expected)


PLATFORM: Final[list[Row]] = [
    Row(
        *("nameOverride", "rotator"),
        ("Deployment", RENAMED, "metadata", "labels", "app.kubernetes.io/name"),
        "rotator",
    ),
    same("fullnameOverride", "mine", "Deployment", "mine", "metadata", "name"),
    *in_one_render(
        [
            Row("commonLabels", {"team": "a"}, (*TEMPLATE, "labels", "team"), "a"),
            Row("commonAnnotations", {"x": "b"}, (*TEMPLATE, "annotations", "x"), "b"),
            same("image.pullPolicy", "Always", *CONTAINER, "imagePullPolicy"),
            same("imagePullSecrets", [{"name": "mirror"}], *POD, "imagePullSecrets"),
            same("freeze", "INC-42", *CONFIG, "data", "freeze"),
            Row("allowList.rules", RULES, (*CONFIG, "data", "allow.yaml", "rules"), RULES),
            same("replicaCount", 4, *DEPLOYMENT, "spec", "replicas"),
            Row("crds.annotations", {"a": "b"}, (*CRD, "metadata", "annotations", "a"), "b"),
            Row("crds.keep", False, KEEP, None),
            Row("tests.enabled", False, ("Pod", f"{OBJECT}-selftest"), None),
        ]
    ),
    image("registry", "mirror.test", f"mirror.test/{SAME_NAME}:{__version__}"),
    image("repository", "aws/rotator", f"ghcr.io/aws/rotator:{__version__}"),
    image("tag", "v9", f"ghcr.io/{SAME_NAME}:v9"),
    image("digest", DIGEST, f"ghcr.io/{SAME_NAME}@{DIGEST}"),
    Row("watch.namespaces", ["shop", "bank"], (*ENV, "CSO_NAMESPACES", "value"), "bank,shop"),
    Row("allowList.enabled", False, (*CONFIG, "data", "allow.yaml"), None, SHOP),
    Row("allowList.enabled", False, (*ENV, "CSO_ALLOW_FILE"), None, SHOP),
    Row("platformConfigMap", "mine", CONFIG, None),
    same("platformConfigMap", "mine", *POD, "volumes", "platform", "configMap", "name"),
    Row("lease.enabled", False, (*ENV, "CSO_LEASE_NAME"), None, ALONE),
    Row("lease.enabled", False, ("Role", f"{OBJECT}-lease"), None, ALONE),
    Row("crds.enabled", False, CRD, None),
    Row("crds.keep", True, KEEP, "keep"),
]
