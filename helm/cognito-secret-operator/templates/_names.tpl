{{/* Names and labels. */}}

{{- define "cso.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "cso.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "cso.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Name of what lives outside the release's namespace: releases of one name in two namespaces must not
meet there. */}}
{{- define "cso.clusterName" -}}
{{- $name := include "cso.fullname" . -}}
{{- if ne $name .Release.Namespace -}}
{{- $name = printf "%s-%s" .Release.Namespace $name -}}
{{- end -}}
{{- include "cso.cut" (dict "name" $name "longest" 63) -}}
{{- end -}}

{{/* A name cut to a length, and still one of its own: (dict "name" … "longest" …). */}}
{{- define "cso.cut" -}}
{{- if gt (len .name) .longest -}}
{{- printf "%s-%s" (trunc (int (sub .longest 9)) .name | trimSuffix "-") (sha256sum .name | trunc 8) -}}
{{- else -}}
{{- .name -}}
{{- end -}}
{{- end -}}

{{/* A name with a word behind it: (dict "root" $ "suffix" "lease"). */}}
{{- define "cso.suffixed" -}}
{{- $longest := sub 62 (len .suffix) | int -}}
{{- printf "%s-%s" (include "cso.cut" (dict "name" (include "cso.fullname" .root) "longest" $longest)) .suffix -}}
{{- end -}}

{{- define "cso.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cso.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "cso.platformConfigMap" -}}
{{- default (include "cso.fullname" .) .Values.platformConfigMap -}}
{{- end -}}

{{- define "cso.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cso.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of an object: (dict "root" $ "labels" .Values.….labels). */}}
{{- define "cso.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/part-of" (include "cso.name" .root) -}}
{{- $selector := include "cso.selectorLabels" .root | fromYaml -}}
{{- mergeOverwrite (dict) .root.Values.commonLabels (.labels | default dict) $own $selector | toYaml -}}
{{- end -}}

{{/* Labels of the pods: without the chart's version, which would replace pods for nothing. */}}
{{- define "cso.podLabels" -}}
{{- $own := dict
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/component" "operator" -}}
{{- $selector := include "cso.selectorLabels" . | fromYaml -}}
{{- mergeOverwrite (dict) .Values.commonLabels .Values.podLabels $own $selector | toYaml -}}
{{- end -}}

{{/* The metadata's annotations, or nothing: (dict "root" $ "annotations" …). */}}
{{- define "cso.annotations" -}}
{{- $all := mergeOverwrite (dict) .root.Values.commonAnnotations (.annotations | default dict) -}}
{{- with $all -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "cso.image" -}}
{{- $image := .Values.image -}}
{{- $path := $image.repository -}}
{{- with $image.registry }}{{ $path = printf "%s/%s" . $path }}{{ end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $path $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $path (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* A security context, without users and groups where OpenShift gives them: (dict "root" $ "context" …). */}}
{{- define "cso.securityContext" -}}
{{- $mode := .root.Values.compatibility.openshift -}}
{{- $context := .context -}}
{{- if or (eq $mode "always") (and (eq $mode "auto") (.root.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
{{- $context = omit $context "runAsUser" "runAsGroup" "fsGroup" -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}
