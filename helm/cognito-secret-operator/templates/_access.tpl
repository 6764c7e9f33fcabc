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

{{/* "yes" where admission policies are created: by default for the whole cluster. There the account
could otherwise obtain the token of any other account. */}}
{{- define "cso.policed" -}}
{{- include "cso.refuseContradictions" . -}}
{{- $wished := .Values.admissionPolicy.enabled -}}
{{- if kindIs "invalid" $wished -}}{{- $wished = empty .Values.watch.namespaces -}}{{- end -}}
{{- if $wished }}yes{{ end -}}
{{- end -}}

{{/* In which namespaces Secrets may be written: a list of expressions, all of which have to hold. */}}
{{- define "cso.policedNamespaces" -}}
{{- $named := .Values.watch.namespaces -}}
{{- $all := list -}}
{{- with $named -}}
{{- $all = append $all (printf "request.namespace in ['%s']" (join "', '" (uniq .))) -}}
{{- end -}}
{{- if and .Values.allowList.enabled (not .Values.platformConfigMap) -}}
{{- $patterns := list -}}
{{- range .Values.allowList.rules -}}{{- $patterns = concat $patterns .namespaces -}}{{- end -}}
{{- $named = concat $named $patterns -}}
{{- $patterns = $patterns | uniq | sortAlpha | join "|" | replace "*" ".*" -}}
{{- $all = append $all (printf "request.namespace.matches('^(%s)$')" $patterns) -}}
{{- end -}}
{{- $not := list -}}
{{- range list "kube-system" .Release.Namespace | uniq -}}
{{- if not (has . $named) }}{{ $not = append $not . }}{{ end -}}
{{- end -}}
{{- with $not -}}
{{- $all = append $all (printf "!(request.namespace in ['%s'])" (join "', '" .)) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}
