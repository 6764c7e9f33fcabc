{{/* "yes" where an object of the Prometheus Operator is to be rendered: (dict "root" $ "field" "serviceMonitor" "kind" "ServiceMonitor"). */}}
{{- define "cso.renders" -}}
{{- include "cso.refuseContradictions" .root -}}
{{- $values := get .root.Values .field -}}
{{- $known := .root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
{{- if $values.enabled -}}
{{- if or $known (eq $values.renderMode "Always") -}}
yes
{{- else if eq $values.renderMode "Check" -}}
{{- fail (printf "%s.enabled: the cluster does not know the kind %s: install the Prometheus Operator's CRDs, or set %s.renderMode to Skip or Always" .field .kind .field) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.monitorMetadata" -}}
name: {{ include "cso.fullname" .root }}
namespace: {{ .monitor.namespace | default .root.Release.Namespace }}
labels:
  {{- include "cso.labels" (dict "root" .root "labels" .monitor.labels) | nindent 2 }}
{{- include "cso.annotations" (dict "root" .root "annotations" .monitor.annotations) | nindent 0 }}
{{- end -}}

{{- define "cso.monitorSelection" -}}
{{- with .monitor.sampleLimit }}
sampleLimit: {{ int . }}
{{- end }}
namespaceSelector:
  matchNames: [{{ .root.Release.Namespace }}]
selector:
  matchLabels:
    {{- include "cso.podSelector" .root | nindent 4 }}
{{- end -}}

{{- define "cso.monitorEndpoint" -}}
- port: http
  path: /metrics
  honorLabels: {{ .honorLabels }}
  {{- range $key := list "interval" "scrapeTimeout" }}
  {{- with get $ $key }}
  {{ $key }}: {{ . }}
  {{- end }}
  {{- end }}
  {{- range $key := list "relabelings" "metricRelabelings" }}
  {{- with get $ $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}
