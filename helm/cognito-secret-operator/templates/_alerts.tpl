{{/*
The rules of files/alerts.yaml with the values of `alerts`, as YAML: a list of groups, each with its
name and rules (alert, expr, for, labels, annotations). What a PrometheusRule and Grafana's alerts
have in common is made here.
*/}}
{{- define "cso.alertGroups" -}}
{{- $values := .Values.alerts -}}
{{- $groups := list -}}
{{- range (.Files.Get "files/alerts.yaml" | fromYaml).groups -}}
{{- $rules := list -}}
{{- range .alerts -}}
{{- if not (has .alert $values.disabled) -}}
{{- $rules = append $rules (include "cso.alertRule" (dict "alert" . "values" $values "listPeriod" $.Values.timing.listPeriodSeconds) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}
{{- $groups = append $groups (dict "name" .name "rules" $rules) -}}
{{- end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}

{{/* One rule: (dict "alert" <entry of alerts.yaml> "values" .Values.alerts "listPeriod" <seconds>). */}}
{{- define "cso.alertRule" -}}
{{- $own := get .values.overrides .alert.alert | default dict -}}
{{- $words := dict "namespace" .values.namespaceLabel "selector" .values.selector "lookback" .values.lookback -}}
{{- range $name, $default := .alert.thresholds -}}
{{- with get ($.alert.listPeriods | default dict) $name -}}
{{- $default = max $default (mulf . $.listPeriod | ceil) -}}
{{- end -}}
{{- $_ := set $words $name (toString (hasKey $own $name | ternary (get $own $name) $default)) -}}
{{- end -}}
{{- $expr := .alert.expr -}}
{{- $summary := .alert.summary -}}
{{- $description := .alert.description -}}
{{- range $name, $word := $words -}}
{{- $expr = replace (printf "${%s}" $name) $word $expr -}}
{{- $summary = replace (printf "${%s}" $name) $word $summary -}}
{{- $description = replace (printf "${%s}" $name) $word $description -}}
{{- end -}}
{{- $annotations := dict "summary" $summary "description" $description -}}
{{- with .values.runbookUrl -}}
{{- $_ := set $annotations "runbook_url" (replace "%s" (lower $.alert.alert) .) -}}
{{- end -}}
{{- with .values.dashboardUrl -}}
{{- $_ := set $annotations "dashboard_url" . -}}
{{- end -}}
{{- dict
  "alert" .alert.alert
  "expr" $expr
  "for" (get $own "for" | default .alert.for)
  "labels" (mergeOverwrite (dict) .values.labels (dict "severity" (get $own "severity" | default .alert.severity)))
  "annotations" (mergeOverwrite (dict) .values.annotations $annotations)
  | toYaml -}}
{{- end -}}
