"""Everything that can use a Secret besides a plain workload: Jobs, bare pods, readers of files."""

from typing import Any, Final

from harness.shop import application

SECRET: Final = "orders-api"
COMPLETE_AFTER: Final = "cluster.test/complete-after"


def bare_pod(name: str, *, grace_seconds: int = 1, secret: str = SECRET) -> dict[str, Any]:
    """Make a pod that nobody owns, with the Secret in its environment."""
    template = application(name, secret=secret, grace_seconds=grace_seconds)["spec"]["template"]
    labels = template["metadata"]["labels"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": template["spec"],
    }


def job(name: str) -> dict[str, Any]:
    """Make a Job whose pod runs until `finish` is called."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": _job_template(name)},
    }


def cron_job(name: str) -> dict[str, Any]:
    """Make a CronJob that runs once a year."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {
            "schedule": "0 0 1 1 *",
            "jobTemplate": {"spec": {"template": _job_template(name)}},
        },
    }


def replica_set(name: str, *, replicas: int = 1) -> dict[str, Any]:
    """Make a ReplicaSet that nobody owns."""
    return {**application(name, replicas=replicas), "kind": "ReplicaSet"}


def file_reader(name: str, *, replicas: int = 1) -> dict[str, Any]:
    """Make a Deployment whose containers read the Secret's files, and read them again."""
    made = application(name, replicas=replicas)
    pod = made["spec"]["template"]["spec"]
    mounts = [{"name": "client", "mountPath": "/client"}]
    pod["containers"] = [
        {"name": container, "image": "example.test/reader:1", "volumeMounts": mounts}
        for container in ("app", "sidecar")
    ]
    pod["volumes"] = [{"name": "client", "secret": {"secretName": SECRET}}]
    return made


def argo_rollout(name: str, *, replicas: int = 1) -> dict[str, Any]:
    """Make an Argo Rollout; `rig.argo` plays its controller."""
    made = application(name, replicas=replicas)
    made["spec"]["strategy"] = {"canary": {}}
    return {**made, "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}


def listed(document: dict[str, Any]) -> dict[str, str]:
    """Write a document as an item of ``spec.rollout.consumers.workloads``."""
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "name": document["metadata"]["name"],
    }


def _job_template(name: str) -> dict[str, Any]:
    template: dict[str, Any] = application(name)["spec"]["template"]
    template["spec"]["restartPolicy"] = "Never"
    return template
