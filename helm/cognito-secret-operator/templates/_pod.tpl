{{/* Parts that the operator's pods and the pod of `helm test` share. */}}

{{/* Where and how a pod runs, as far as it is the same for both. */}}
{{- define "cso.podBasics" -}}
serviceAccountName: {{ include "cso.serviceAccountName" . }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "cso.securityContext" (dict "root" $ "context" .Values.podSecurityContext) | nindent 2 }}
{{- if not (kindIs "invalid" .Values.hostUsers) }}
hostUsers: {{ .Values.hostUsers }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" "dnsConfig" "hostAliases" }}
{{- with get $.Values $key }}
{{ $key }}: {{- if kindIs "string" . }} {{ . }}{{ else }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The image, and what its container may do. */}}
{{- define "cso.containerBasics" -}}
image: {{ include "cso.image" . }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
securityContext:
  {{- include "cso.securityContext" (dict "root" $ "context" .Values.securityContext) | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{/* Replicas on different nodes where that is possible; constraints of the user's without a selector get ours. */}}
{{- define "cso.topologySpread" -}}
{{- $selector := dict "matchLabels" (include "cso.podSelector" . | fromYaml) -}}
{{- $usual := list (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway" "matchLabelKeys" (list "pod-template-hash")) -}}
{{- $all := list -}}
{{- range .Values.topologySpreadConstraints | default $usual -}}
{{- $all = append $all (merge (deepCopy .) (dict "labelSelector" $selector)) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{- define "cso.podSelector" -}}
{{ include "cso.selectorLabels" . }}
app.kubernetes.io/component: operator
{{- end -}}
