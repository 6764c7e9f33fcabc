{{/* What the operator may do in a namespace that it serves; docs/security.md has the same as a table. */}}

{{/* (dict "root" $ "namespace" name): the namespace is empty in a ClusterRole. */}}
{{- define "cso.rules" -}}
{{- include "cso.refuseContradictions" .root -}}
- apiGroups: [cognito-secrets.dev]
  resources: [cognitoclientsecrets]
  verbs: [get, list, watch]
- apiGroups: [cognito-secrets.dev]
  resources: [cognitoclientsecrets/status]
  verbs: [patch]
# Targets and journals. With names, creation is granted by name too: the operator creates by
# server-side apply, a PATCH whose address has the name.
- apiGroups: [""]
  resources: [secrets]
  {{- with .root.Values.rbac.secretNames }}
  resourceNames:
    {{- toYaml (get . $.namespace | uniq | sortAlpha) | nindent 4 }}
  {{- end }}
  verbs: [get, create, patch, update]
# Who uses a target, and the stamp that restarts it.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [list, patch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list]
# A running Job holds its secret until it ends; a CronJob's next run reads the new one.
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [list]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- with .root.Values.rbac.extraRules }}
{{ toYaml . }}
{{- end }}
{{- end -}}
