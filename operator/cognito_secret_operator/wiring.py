"""Puts the concrete parts together: the only module that imports them all."""

import secrets
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from . import __version__
from .adapters.cognito import Cognito
from .adapters.events import EventRecorder
from .adapters.installation import AccessReviews, OwnEndpoints, ServedTypes
from .adapters.kube_api import KubeApi
from .adapters.lease import LeaseStore
from .adapters.platform_files import PlatformFiles
from .adapters.quota import FreezableQuota, QuotaLimiter
from .adapters.resources import ResourceStore
from .adapters.secret_store import SecretStore
from .adapters.system import SystemClock, SystemValueGenerator
from .adapters.token_endpoint import TokenEndpoint
from .adapters.workloads import WorkloadStore
from .domain.actions import Plan
from .domain.model import ResourceKey
from .metrics import Metrics
from .runtime.leadership import Leadership
from .runtime.platform_watch import watch_files
from .runtime.probes import LoopLag, ProbeServer, Readiness
from .runtime.process import Endpoint, Scope, Serving
from .runtime.queue import WorkQueue
from .runtime.roster import Roster
from .selftest.checks import Installation, SelfTest
from .service.execute import Executor
from .service.observe import Observer
from .service.ports import (
    Clock,
    CognitoPort,
    EndpointPort,
    EventPort,
    PlatformPort,
    ResourcePort,
    RosterPort,
    SecretStorePort,
    Telemetry,
    ValueGenerator,
    WorkloadPort,
)
from .service.reconcile import Pauses, Reconciler
from .service.reporter import Reporter
from .settings import Settings
from .wire.resource.parse import SPEC_FIELDS

__all__ = ["Application", "build", "build_self_test"]


@dataclass(frozen=True, slots=True)
class Application:
    """What the command line uses."""

    reconciler: Reconciler
    serving: Serving

    async def explain(self, key: ResourceKey) -> Plan | None:
        """Return what would be done next for a resource; None where there is none."""
        for raw in await self.serving.list_all():
            self.serving.roster.seen(raw.body)
        return await self.reconciler.explain(key)


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Application]:
    """Build everything for *settings*, and close it at the end; nothing is read or written yet.

    Raises:
        ActionNeededError: there is no usable configuration of a cluster.

    """
    metrics = Metrics(settings.revision)
    platform = PlatformFiles(
        allow_file=settings.allow_file,
        freeze_file=settings.freeze_file,
        open_without_list=bool(settings.namespaces),
    )
    quota = FreezableQuota(_limiter(settings, metrics), platform.frozen)
    cognito = Cognito(quota=quota, on_call=metrics.aws_call)
    async with (
        await KubeApi.connect(settings.kubeconfig) as api,
        TokenEndpoint(cognito) as endpoint,
    ):
        yield _application(settings, platform, api, metrics, cognito, endpoint)
    cognito.close()


@asynccontextmanager
async def build_self_test(
    settings: Settings, *, url: str | None, secret_names: Mapping[str, Collection[str]]
) -> AsyncIterator[SelfTest]:
    """Build the self-test of an installation, and close it at the end.

    Args:
        settings: those of the installation.
        url: where the process answers; None skips these checks.
        secret_names: namespace -> names of Secrets, where access is by name.

    Raises:
        ActionNeededError: there is no usable configuration of a cluster.

    """
    installation = Installation(
        version=__version__,
        spec_fields=SPEC_FIELDS,
        namespaces=settings.namespaces,
        secrets=secret_names,
        lease=(settings.lease_namespace, settings.lease_name) if settings.lease_name else None,
    )
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(await KubeApi.connect(settings.kubeconfig))
        own = await stack.enter_async_context(OwnEndpoints(url)) if url else None
        yield SelfTest(installation, ServedTypes(api), AccessReviews(api), own)


def _limiter(settings: Settings, metrics: Metrics) -> QuotaLimiter:
    return QuotaLimiter(settings.quota_share, on_wait=metrics.quota_waited)


def _application(
    settings: Settings,
    platform: PlatformFiles,
    api: KubeApi,
    metrics: Metrics,
    cognito: Cognito,
    endpoint: TokenEndpoint,
) -> Application:
    clock = SystemClock()
    resources = ResourceStore(api)
    queue = WorkQueue(settings.workers, clock.monotonic, on_pass=metrics.reconcile_took)
    roster = Roster(queue)
    identity = f"{socket.gethostname()}/{secrets.token_hex(8)}"
    outside = _Outside(
        resources=resources,
        secrets=SecretStore(api),
        workloads=WorkloadStore(api),
        events=EventRecorder(api, clock),
        cognito=cognito,
        endpoint=endpoint,
        roster=roster,
        platform=platform,
        telemetry=metrics,
        clock=clock,
        value_generator=SystemValueGenerator(),
    )
    reconciler = _reconciler(settings, identity, outside)
    leadership = _leadership(settings, api, identity, clock)
    _watch_parts(metrics, queue, platform, leadership)
    readiness = Readiness()
    serving = Serving(
        scope=Scope(settings.namespaces, settings.kubeconfig),
        endpoint=Endpoint(settings.listen_address, settings.port, settings.port_file),
        list_all=partial(resources.list_all, settings.namespaces or None),
        roster=roster,
        queue=queue,
        reconcile=reconciler.reconcile,
        probes=ProbeServer(
            metrics=metrics.render,
            heartbeat_age=queue.heartbeat_age,
            readiness=readiness.problem,
            lag=LoopLag(),
        ),
        readiness=readiness,
        leadership=leadership,
        watch_files=lambda: watch_files(
            lambda: (platform.frozen(), platform.allow_list()), roster.wake_all
        ),
    )
    return Application(reconciler=reconciler, serving=serving)


def _watch_parts(
    metrics: Metrics, queue: WorkQueue, platform: PlatformFiles, leadership: Leadership | None
) -> None:
    """Have the metrics read these parts at each scrape."""
    metrics.watch_queue(
        depth=lambda: queue.depth,
        oldest_age=lambda: queue.oldest_age,
        heartbeat_age=queue.heartbeat_age,
    )
    metrics.watch_platform(
        frozen=lambda: platform.frozen() is not None, allow_file_valid=platform.is_list_good
    )
    metrics.watch_leadership(
        lambda: queue.makes_passes and (leadership is None or leadership.is_leader)
    )


def _leadership(settings: Settings, api: KubeApi, identity: str, clock: Clock) -> Leadership | None:
    if not settings.lease_name:
        return None
    return Leadership(
        LeaseStore(api, settings.lease_namespace, settings.lease_name, clock),
        identity=identity,
        duration=settings.lease_duration,
        monotonic=clock.monotonic,
    )


@dataclass(frozen=True, slots=True)
class _Outside:
    """Every adapter as the port it fulfils; mypy proves here that it does."""

    resources: ResourcePort
    secrets: SecretStorePort
    workloads: WorkloadPort
    events: EventPort
    cognito: CognitoPort
    endpoint: EndpointPort
    roster: RosterPort
    platform: PlatformPort
    telemetry: Telemetry
    clock: Clock
    value_generator: ValueGenerator


def _reconciler(settings: Settings, identity: str, outside: _Outside) -> Reconciler:
    observer = Observer(
        secrets=outside.secrets,
        workloads=outside.workloads,
        cognito=outside.cognito,
        endpoint=outside.endpoint,
        roster=outside.roster,
        platform=outside.platform,
        clock=outside.clock,
        timing=settings.timing,
        identity=identity,
    )
    executor = Executor(
        secrets=outside.secrets,
        workloads=outside.workloads,
        cognito=outside.cognito,
        clock=outside.clock,
        value_generator=outside.value_generator,
        identity=identity,
        add_deadline=settings.timing.add_deadline,
    )
    reporter = Reporter(
        resources=outside.resources, events=outside.events, telemetry=outside.telemetry
    )
    return Reconciler(
        resources=outside.resources,
        roster=outside.roster,
        observer=observer,
        executor=executor,
        reporter=reporter,
        pauses=Pauses(settings.poll_min, settings.poll_max),
    )
