"""Reads of the self-test: types and access from the API server, readiness from the operator."""

import re
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from ..errors import NotFoundError, RetryLaterError
from ..names import GROUP, KIND, PLURAL, VERSION
from ..selftest.checks import ServedType
from ..selftest.rights import Right
from .kube_api import KubeApi
from .kube_response import api_path

__all__ = ["AccessReviews", "OwnEndpoints", "ServedTypes"]

_AUTHORIZATION: Final = "authorization.k8s.io/v1"
_VERSION: Final = re.compile(
    r'^cognito_secret_operator_build_info\{[^}]*\bversion="([^"]*)"', re.MULTILINE
)
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)


class AccessReviews:
    """Implements `selftest.checks.AccessPort` by SelfSubjectAccessReviews, open to every user."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def may(self, right: Right, namespace: str = "", name: str = "") -> bool:
        """Return whether the process's credentials have a right; see `AccessPort.may`."""
        resource, _, subresource = right.resource.partition("/")
        attributes = {
            "verb": right.verb,
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        kind = "SelfSubjectAccessReview"
        answer = await self._api.request(
            "POST",
            api_path(_AUTHORIZATION, "selfsubjectaccessreviews", None),
            body={
                "apiVersion": _AUTHORIZATION,
                "kind": kind,
                "spec": {"resourceAttributes": attributes},
            },
        )
        return bool(answer.body["status"]["allowed"])


class ServedTypes:
    """Implements `selftest.checks.TypePort` by discovery, open to every user."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def served(self) -> ServedType:
        """Read the served resource type.

        Raises:
            NotFoundError: the API server does not serve the type.

        """
        listed = await self._api.request("GET", f"/apis/{GROUP}/{VERSION}")
        names = {one["name"] for one in listed.body.get("resources") or ()}
        if PLURAL not in names:
            raise NotFoundError(f"{PLURAL}.{GROUP} is not served")
        published = await self._api.request("GET", f"/openapi/v3/apis/{GROUP}/{VERSION}")
        return ServedType(
            subresources=frozenset(
                name.removeprefix(f"{PLURAL}/") for name in names if name.startswith(f"{PLURAL}/")
            ),
            spec_fields=_spec_fields(published.body),
        )


def _spec_fields(published: Any) -> frozenset[str]:  # noqa: ANN401  # JSON as received
    """Return the fields of the kind's spec from an OpenAPI document."""
    for schema in published.get("components", {}).get("schemas", {}).values():
        kinds = schema.get("x-kubernetes-group-version-kind") or ()
        if {"group": GROUP, "version": VERSION, "kind": KIND} in kinds:
            spec = schema.get("properties", {}).get("spec", {})
            return frozenset(spec.get("properties", {}))
    return frozenset()


class OwnEndpoints:
    """Implements `selftest.checks.OwnPort` over HTTP; an asynchronous context manager."""

    def __init__(self, url: str) -> None:
        """Use the operator at *url*, such as ``http://cognito-secret-operator:8080``."""
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the HTTP session, without a proxy: the Service is in the cluster."""
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def readiness(self) -> str | None:
        """Return why the operator is not ready; None if it is."""
        try:
            status, text = await self._read("/readyz")
        except RetryLaterError as error:
            return error.message
        return (
            None if status == HTTPStatus.OK else f"{self._url}/readyz returned {text.strip()[:200]}"
        )

    async def version(self) -> str:
        """Read the version from the metrics; empty if they lack it.

        Raises:
            RetryLaterError: the metrics cannot be read.

        """
        status, text = await self._read("/metrics")
        if status != HTTPStatus.OK:
            raise RetryLaterError(f"{self._url}/metrics returned HTTP {status}")
        found = _VERSION.search(text)
        return found[1] if found else ""

    async def _read(self, path: str) -> tuple[int, str]:
        if self._session is None:
            raise RuntimeError("enter the context first")
        try:
            async with self._session.get(f"{self._url}{path}", allow_redirects=False) as answer:
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            kind = type(error).__name__
        raise RetryLaterError(f"{self._url}{path} cannot be reached ({kind})")
