"""A real Kubernetes control plane for tests and demos, from package registries only."""

from .build import BuildError, build
from .control_plane import ControlPlane, NotStartedError
from .processes import ProcessEndedError
from .toolchain import ToolchainError
from .waiting import DeadlineError, wait_for

__all__ = [
    "BuildError",
    "ControlPlane",
    "DeadlineError",
    "NotStartedError",
    "ProcessEndedError",
    "ToolchainError",
    "build",
    "wait_for",
]
