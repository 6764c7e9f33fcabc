"""What is kept for the one who looks into a failure."""

from typing import Final

from e2e.stage import Stage, say

TAIL_LINES: Final = 15


def collect(stage: Stage) -> None:
    """Write what the cluster shows, and every pod's log, into the folder of the run; say where."""
    folder = stage.workdir / "pods"
    folder.mkdir(exist_ok=True)
    for kind in ("pods", "events", "cognitoclientsecrets", "deployments,statefulsets"):
        shown = stage.kubectl.try_run("get", kind, "-A", "-o", "yaml").stdout
        (folder / f"{kind}.yaml").write_text(shown)
    print(stage.kubectl.try_run("get", "pods,ccs", "-A", "-o", "wide").stdout)
    for namespace in stage.namespaces:
        for pod in stage.pods(namespace):
            _keep_logs(stage, namespace, pod["metadata"]["name"])
    say(f"kept: {folder}, {stage.node.logs}, {stage.workdir / 'control-plane' / 'logs'}")


def _keep_logs(stage: Stage, namespace: str, pod: str) -> None:
    for which in ("", "--previous"):
        command = ["logs", "-n", namespace, pod, "--all-containers", *filter(None, [which])]
        done = stage.kubectl.try_run(*command)
        if done.returncode != 0 or not done.stdout:
            continue
        log = stage.workdir / "pods" / f"{namespace}.{pod}{which}.log"
        log.write_text(done.stdout)
        print(f"--- {log}", *done.stdout.splitlines()[-TAIL_LINES:], sep="\n", flush=True)
