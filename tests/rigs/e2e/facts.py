"""What is printed of the operator's image, as it runs in its pods."""

from datetime import datetime
from typing import Any, Final

from e2e import release
from e2e.stage import Stage, say
from images.archive import Archive

_MIB: Final = 1024 * 1024
_WRITE: Final = "open('/written', 'w')"
_USER: Final = "import os; print(os.getuid(), os.getgid())"


def tell(stage: Stage) -> None:
    """Print the image's size, its user, its read-only root, and how long a pod takes to be ready.

    Raises:
        AssertionError: the user is root, or the root can be written.

    """
    layers = Archive(stage.operator_archive).layers()
    compressed = sum(layer.compressed for layer in layers) / _MIB
    unpacked = sum(layer.unpacked for layer in layers) / _MIB
    selector = "app.kubernetes.io/component=operator"
    pods = stage.pods(release.NAMESPACE, selector)
    name = pods[0]["metadata"]["name"]
    user = _in_pod(stage, name, _USER).stdout.strip()
    assert user == "65532 65532", f"it runs as {user}"
    written = _in_pod(stage, name, _WRITE)
    refusal = written.stderr.strip().splitlines()[-2:]
    assert written.returncode != 0, "the root can be written"
    assert "Read-only file system" in written.stderr, written.stderr
    seconds = sorted(_seconds_to_ready(pod) for pod in pods)
    say(f"✓ image: {compressed:.1f} MiB compressed, {unpacked:.1f} MiB unpacked")
    say(f"✓ image: runs as {user}; a write says {refusal[0]}")
    say(f"✓ image: its pods were ready {seconds[0]:.0f} to {seconds[-1]:.0f} s after their start")


def _in_pod(stage: Stage, pod: str, code: str) -> Any:  # noqa: ANN401 -- a finished process
    return stage.kubectl.try_run("exec", "-n", release.NAMESPACE, pod, "--", "python3", "-c", code)


def _seconds_to_ready(pod: dict[str, Any]) -> float:
    """Count from the container's start to the pod's readiness, in the kubelet's whole seconds."""
    (container,) = pod["status"]["containerStatuses"]
    started = datetime.fromisoformat(container["state"]["running"]["startedAt"])
    (ready,) = (one for one in pod["status"]["conditions"] if one["type"] == "Ready")
    return (datetime.fromisoformat(ready["lastTransitionTime"]) - started).total_seconds()
