"""The `CognitoClientSecret` resources: read uncached, listed once at start, status written."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..domain.model import ResourceKey
from ..errors import ConflictError, NotFoundError
from ..names import GROUP, PLURAL, VERSION
from ..service.ports import RawResource
from .kube_api import AS_WRITER, MERGE_PATCH, KubeApi
from .kube_response import api_path

__all__ = ["ResourceStore"]

_API: Final = f"{GROUP}/{VERSION}"


class ResourceStore:
    """The resources of a cluster; implements `service.ports.ResourcePort`.

    Requires ``get`` and ``list`` on ``cognitoclientsecrets``, ``patch`` on their ``status``.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api

    async def read(self, key: ResourceKey) -> RawResource | None:
        """Read a resource from etcd; None where the API server reports that it does not exist.

        Raises:
            NotFoundError: the resource type is not installed.
            OutsideError: the resource could not be read; its existence is unknown.

        """
        try:
            answer = await self._api.find(_path(key))
        except NotFoundError:
            raise _not_installed() from None
        return None if answer is None else RawResource(answer.body, answer.date)

    async def write_status(
        self, key: ResourceKey, *, uid: str, resource_version: str, status: Mapping[str, Any]
    ) -> None:
        """Replace the keys of *status* in the status subresource (merge patch, None deletes).

        Raises:
            ConflictError: the resource was deleted, or changed since *resource_version*.
            AnswerLostError: the status may or may not have been written.

        """
        # For a status the API server keeps the stored metadata and compares only resourceVersion
        # (tested on 1.36): etcd's revision, unique among all objects of the name.
        precondition = {"uid": uid, "resourceVersion": resource_version}
        try:
            await self._api.request(
                "PATCH",
                _path(key, "status"),
                query=AS_WRITER,
                body={"metadata": precondition, "status": dict(status)},
                content_type=MERGE_PATCH,
            )
        except NotFoundError:
            raise ConflictError(f"{key} is gone") from None

    async def list_all(self, namespaces: Sequence[str] | None = None) -> tuple[RawResource, ...]:
        """Return every resource; the list is complete.

        Args:
            namespaces: namespaces to list; None for the whole cluster.

        Raises:
            NotFoundError: the resource type is not installed.
            OutsideError: a page of the list failed.

        """
        found: list[RawResource] = []
        for namespace in [None] if namespaces is None else namespaces:
            try:
                async for page in self._api.pages(api_path(_API, PLURAL, namespace)):
                    found += [RawResource(body, page.date) for body in page.body["items"]]
            except NotFoundError:
                raise _not_installed() from None
        return tuple(found)


def _path(key: ResourceKey, subresource: str = "") -> str:
    return api_path(_API, PLURAL, key.namespace, key.name, subresource)


def _not_installed() -> NotFoundError:
    return NotFoundError(f"the API server does not know {PLURAL}.{GROUP}: install crds/")
