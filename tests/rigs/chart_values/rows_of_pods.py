"""Where the values about the pods have their effect."""

from typing import Any, Final

from .places import CONTAINER, DEPLOYMENT, OBJECT, POD, Row, in_one_render, same

TEMPLATE: Final = (*DEPLOYMENT, "spec", "template", "metadata")
BUDGET: Final = ("PodDisruptionBudget", OBJECT)
SPREAD: Final = {
    "maxSkew": 2,
    "topologyKey": "zone",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"a": "b"}},
}
ROLLING: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 1}}
TERM: Final = {"matchExpressions": [{"key": "a", "operator": "Exists"}]}
AFFINITY: Final = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [TERM]}
    }
}
VARIABLE: Final = {"name": "AWS_REGION", "value": "eu-west-1"}
SOURCE: Final = {"configMapRef": {"name": "more", "optional": True}}
VOLUME: Final[dict[str, Any]] = {"name": "scratch", "emptyDir": {}}
MOUNT: Final = {"name": "scratch", "mountPath": "/scratch"}
BESIDE: Final = {"name": "beside", "image": "example.test/beside:1"}
BEFORE: Final = {"name": "before", "image": "example.test/before:1"}
OTHERS: Final = {"drop": ["NET_RAW"]}
OPENSHIFTS: Final = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
OBJECTS: Final = [
    {"kind": "ConfigMap", "metadata": {"name": "more"}, "data": {"of": "{{ .Release.Name }}"}},
    "kind: ConfigMap\nmetadata: {name: text-{{ .Release.Namespace }}}\ndata: {a: b}",
]

PODS: Final[list[Row]] = [
    *in_one_render(
        [
            Row("podLabels", {"a": "b"}, (*TEMPLATE, "labels", "a"), "b"),
            Row("podAnnotations", {"a": "c"}, (*TEMPLATE, "annotations", "a"), "c"),
            same("deploymentAnnotations", {"a": "d"}, *DEPLOYMENT, "metadata", "annotations"),
            same("revisionHistoryLimit", 7, *DEPLOYMENT, "spec", "revisionHistoryLimit"),
            same("strategy", ROLLING, *DEPLOYMENT, "spec", "strategy"),
            same("terminationGracePeriodSeconds", 90, *POD, "terminationGracePeriodSeconds"),
            Row("podSecurityContext", {"fsGroup": 9}, (*POD, "securityContext", "fsGroup"), 9),
            Row(
                *("securityContext", {"capabilities": OTHERS}),
                (*CONTAINER, "securityContext", "capabilities"),
                OTHERS,
            ),
            same("hostUsers", False, *POD, "hostUsers"),
            Row(
                *("resources", {"limits": {"memory": "1Gi"}}),
                (*CONTAINER, "resources", "limits", "memory"),
                "1Gi",
            ),
            same("nodeSelector", {"kubernetes.io/os": "linux"}, *POD, "nodeSelector"),
            same("tolerations", [{"key": "a", "operator": "Exists"}], *POD, "tolerations"),
            same("affinity", AFFINITY, *POD, "affinity"),
            same("topologySpreadConstraints", [SPREAD], *POD, "topologySpreadConstraints"),
            same("priorityClassName", "system-cluster-critical", *POD, "priorityClassName"),
            same("runtimeClassName", "gvisor", *POD, "runtimeClassName"),
            same("schedulerName", "mine", *POD, "schedulerName"),
            same("dnsPolicy", "None", *POD, "dnsPolicy"),
            same("dnsConfig", {"nameservers": ["10.96.0.10"]}, *POD, "dnsConfig"),
            same("hostAliases", [{"ip": "192.0.2.7", "hostnames": ["a"]}], *POD, "hostAliases"),
            Row("extraEnv", [VARIABLE], (*CONTAINER, "env", "AWS_REGION"), VARIABLE),
            same("extraEnvFrom", [SOURCE], *CONTAINER, "envFrom"),
            Row("extraVolumes", [VOLUME], (*POD, "volumes", "scratch"), VOLUME),
            Row("extraVolumeMounts", [MOUNT], (*CONTAINER, "volumeMounts", "scratch"), MOUNT),
            Row("extraContainers", [BESIDE], (*POD, "containers", "beside"), BESIDE),
            same("initContainers", [BEFORE], *POD, "initContainers"),
            Row("extraObjects", OBJECTS, ("ConfigMap", "more", "data", "of"), OBJECT),
            Row("extraObjects", OBJECTS, ("ConfigMap", "text-cognito-system", "data", "a"), "b"),
            *(
                Row(name, {"periodSeconds": 9}, (*CONTAINER, name, "periodSeconds"), 9)
                for name in ("startupProbe", "livenessProbe", "readinessProbe")
            ),
            same("podDisruptionBudget.minAvailable", 1, *BUDGET, "spec", "minAvailable"),
            Row("podDisruptionBudget.minAvailable", 1, (*BUDGET, "spec", "maxUnavailable"), None),
            same(
                *("podDisruptionBudget.unhealthyPodEvictionPolicy", "IfHealthyBudget"),
                *(*BUDGET, "spec", "unhealthyPodEvictionPolicy"),
            ),
        ]
    ),
    Row("compatibility.openshift", "always", (*POD, "securityContext"), OPENSHIFTS),
    Row("podDisruptionBudget.enabled", False, BUDGET, None),
    same("podDisruptionBudget.maxUnavailable", "50%", *BUDGET, "spec", "maxUnavailable"),
    Row("podDisruptionBudget.maxUnavailable", None, (*BUDGET, "spec", "maxUnavailable"), 1),
]
