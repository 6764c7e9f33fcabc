"""What the pages about GitOps, Terraform and AWS say, as far as it can be checked without them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator.wire.resource.parse import parse

from support.pages import DOCS, ROOT, blocks

GITOPS: Final = ROOT / "examples" / "gitops"
TERRAFORM: Final = ROOT / "examples" / "terraform"


def actions_of_the_least_policy() -> set[str]:
    """The policy of docs/security.md that rotates."""
    policies = [json.loads(text) for text in blocks(DOCS / "security.md", "json")]
    (found,) = (
        statement["Action"]
        for policy in policies
        for statement in policy["Statement"]
        if statement.get("Sid") == "RotateClientSecrets"
    )
    return set(found)


def test_terraform_grants_the_least_policy_and_no_more() -> None:
    text = (TERRAFORM / "access.tf").read_text(encoding="utf-8")
    granted = re.findall(r'"(cognito-idp:\w+)"', text)
    assert sorted(granted) == sorted(actions_of_the_least_policy())


def test_the_simulation_asks_about_the_least_policy() -> None:
    text = (DOCS / "aws-access.md").read_text(encoding="utf-8")
    (asked,) = re.findall(r"--action-names (.*?)--query", text, re.DOTALL)
    assert set(asked.replace("\\", "").split()) == actions_of_the_least_policy()


def test_the_policies_of_the_page_are_documents() -> None:
    assert [json.loads(text)["Version"] for text in blocks(DOCS / "aws-access.md", "json")]


def test_terraform_itself_finds_the_example_well_formed() -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("there is no terraform here: the syntax of examples/terraform is not checked")
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", str(TERRAFORM)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def documents(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(path for path in folder.glob("*.yaml"))
    return [one for path in paths for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def test_every_example_has_a_kind_and_a_name() -> None:
    found = documents(GITOPS / "argocd") + documents(GITOPS / "flux")
    assert {one["kind"] for one in found} == {
        "Application",
        "CognitoClientSecret",
        "ConfigMap",
        "Kustomization",
    }
    assert all(one["metadata"]["name"] for one in found)


def test_the_resource_of_a_wave_is_one_that_the_operator_understands() -> None:
    (found,) = (one for one in documents(GITOPS / "argocd") if one["kind"] == "CognitoClientSecret")
    found["metadata"] |= {
        "namespace": "shop",
        "uid": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    assert parse(found).spec.target.name == "orders-api"


def test_every_action_that_a_role_may_use_exists() -> None:
    (roles,) = (
        one for one in documents(GITOPS / "argocd") if one["metadata"]["name"] == "argocd-rbac-cm"
    )
    named = re.findall(r"CognitoClientSecret/([\w-]+),", roles["data"]["policy.csv"])
    scripts = (GITOPS / "argocd").glob("resource_customizations/*/*/actions/*/action.lua")
    assert set(named) == {path.parent.name for path in scripts}
