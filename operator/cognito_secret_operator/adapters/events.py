"""Kubernetes Events on a resource; a repeated event increments the count of the first."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..domain.model import ResourceKey
from ..domain.text import message_text
from ..errors import AccessDeniedError, NotFoundError, OutsideError
from ..names import FIELD_MANAGER, GROUP, KIND, VERSION
from ..service.ports import Clock, KubernetesEvent
from .kube_api import AS_WRITER, MERGE_PATCH, KubeApi
from .kube_response import api_path

__all__ = ["EventRecorder"]

REPEATS_WITHIN: Final = timedelta(minutes=10)
REMEMBERED: Final = 1000
"""Number of cached events; beyond it, the least recently used is posted as new."""

_LOG = logging.getLogger(__name__)

_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Posted:
    """An event that the API server stores."""

    name: str
    count: int
    last_at: datetime


class EventRecorder:
    """Poster of events; implements `service.ports.EventPort`.

    Requires ``create`` and ``patch`` on ``events``. Without these, one line is logged, and the
    operator continues.
    """

    def __init__(self, api: KubeApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._posted: OrderedDict[_Key, _Posted] = OrderedDict()
        self._said_denied = False

    async def record(self, key: ResourceKey, uid: str, event: KubernetesEvent) -> None:
        """Post an event, or increment the count of an equal one of the last ten minutes.

        Failures are logged and never raised.

        Args:
            key: the resource.
            uid: the resource's uid.
            event: the event; a message over 1,024 characters is cut.

        """
        try:
            await self._record(key, uid, event)
        except AccessDeniedError as error:
            if not self._said_denied:
                _LOG.warning("events cannot be recorded: %s", error.message)
            self._said_denied = True
        except OutsideError as error:
            _LOG.warning("event %s on %s was not recorded: %s", event.reason, key, error.message)

    async def _record(self, key: ResourceKey, uid: str, event: KubernetesEvent) -> None:
        now = self._clock.now()
        message = message_text(event.message)
        memory_key = (uid, event.type, event.reason, message)
        posted = self._posted.pop(memory_key, None)
        if posted is not None and now - posted.last_at < REPEATS_WITHIN:
            posted = await self._count_up(key.namespace, posted, now)
        else:
            posted = None
        if posted is None:
            posted = await self._post(key, uid, event, message, now)
        self._posted[memory_key] = posted
        while len(self._posted) > REMEMBERED:
            self._posted.popitem(last=False)

    async def _post(
        self, key: ResourceKey, uid: str, event: KubernetesEvent, message: str, now: datetime
    ) -> _Posted:
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"namespace": key.namespace, "generateName": f"{key.name}."},
            "involvedObject": {
                "apiVersion": f"{GROUP}/{VERSION}",
                "kind": KIND,
                "namespace": key.namespace,
                "name": key.name,
                "uid": uid,
            },
            "type": event.type,
            "reason": event.reason,
            "message": message,
            "source": {"component": FIELD_MANAGER},
            "reportingComponent": FIELD_MANAGER,
            "count": 1,
            "firstTimestamp": _timestamp(now),
            "lastTimestamp": _timestamp(now),
        }
        path = api_path("v1", "events", key.namespace)
        answer = await self._api.request("POST", path, query=AS_WRITER, body=body)
        return _Posted(answer.body["metadata"]["name"], count=1, last_at=now)

    async def _count_up(self, namespace: str, posted: _Posted, now: datetime) -> _Posted | None:
        """Increment an event's count; return None if the event has expired."""
        body: dict[str, Any] = {"count": posted.count + 1, "lastTimestamp": _timestamp(now)}
        path = api_path("v1", "events", namespace, posted.name)
        try:
            await self._api.request(
                "PATCH", path, query=AS_WRITER, body=body, content_type=MERGE_PATCH
            )
        except NotFoundError:
            return None
        return _Posted(posted.name, posted.count + 1, now)


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
