"""Flux' health expressions, evaluated by the API server, which has the same CEL library.

Flux evaluates them over the object's own fields
(https://github.com/fluxcd/pkg/blob/main/runtime/cel/status_evaluator.go). A policy that warns and
refuses nothing has the very expressions here, with `status` bound to the object's.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from harness.shop import REPOSITORY, Shop

KUSTOMIZATION: Final = REPOSITORY / "examples" / "gitops" / "flux" / "kustomization.yaml"
VERDICTS: Final = {"inProgress": "InProgress", "failed": "Failed", "current": "Current"}
"""In the order in which Flux asks: the first expression that is true decides."""

WORKS: Final = "the policy works"
"""Warned of in any case: without it the policy has not been asked."""


def expressions(path: Path = KUSTOMIZATION) -> dict[str, str]:
    """Read the three expressions of the example."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    (found,) = document["spec"]["healthCheckExprs"]
    return {name: found[name] for name in VERDICTS}


class FluxHealth:
    """Asks the API server what Flux would say."""

    def __init__(self, shop: Shop) -> None:
        """Install the policy for the shop's namespace."""
        self._shop = shop
        self._name = f"flux-{shop.namespace}"
        shop.kubectl.apply(*_policy(self._name, shop.namespace))

    def verdict(self, obj: Mapping[str, Any]) -> str:
        """Give ``InProgress``, ``Failed`` or ``Current`` for a resource as it is now."""
        metadata = obj["metadata"]
        if obj["status"]["observedGeneration"] != metadata["generation"]:
            return "InProgress"
        warned = self._warnings(metadata["name"])
        for name, verdict in VERDICTS.items():
            if name not in warned:
                return verdict
        return "InProgress"

    def remove(self) -> None:
        """Remove the policy."""
        kinds = "validatingadmissionpolicybinding,validatingadmissionpolicy"
        self._shop.kubectl("delete", kinds, self._name)

    def _warnings(self, name: str) -> set[str]:
        warned: set[str] = set()

        def is_asked() -> bool:
            warned.update(self._ask(name))
            return WORKS in warned

        self._shop.wait("the policy is asked", is_asked)
        return warned

    def _ask(self, name: str) -> list[str]:
        where = ("-n", self._shop.namespace, "--dry-run=server", "--overwrite")
        done = self._shop.kubectl.try_run("annotate", "ccs", name, "example.com/ask=1", *where)
        assert done.returncode == 0, done.stderr
        return re.findall(rf"with binding '{self._name}': (.*)", done.stderr)


def _policy(name: str, namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    rule = {
        "apiGroups": ["cognito-secrets.dev"],
        "apiVersions": ["*"],
        "resources": ["cognitoclientsecrets"],
        "operations": ["UPDATE"],
    }
    asked = [
        {"expression": f"[object.status].exists(status, {text})", "message": key}
        for key, text in expressions().items()
    ]
    here = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    policy = {
        **head,
        "kind": "ValidatingAdmissionPolicy",
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [*asked, {"expression": "1 == 2", "message": WORKS}],
        },
    }
    binding = {
        **head,
        "kind": "ValidatingAdmissionPolicyBinding",
        "spec": {
            "policyName": name,
            "validationActions": ["Warn"],
            "matchResources": {"namespaceSelector": here},
        },
    }
    return policy, binding
