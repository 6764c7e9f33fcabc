{{/* The variables of the process. */}}

{{- define "cso.files" -}}/etc/cognito-secret-operator{{- end -}}

{{- define "cso.environment" -}}
{{- include "cso.ownEnvironment" . }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "cso.ownEnvironment" -}}
{{- $values := .Values -}}
- {name: CSO_NAMESPACES, value: {{ $values.watch.namespaces | uniq | sortAlpha | join "," | quote }}}
{{- if $values.allowList.enabled }}
- {name: CSO_ALLOW_FILE, value: {{ include "cso.files" . }}/allow.yaml}
{{- end }}
- {name: CSO_FREEZE_FILE, value: {{ include "cso.files" . }}/freeze}
{{- if $values.lease.enabled }}
- {name: CSO_LEASE_NAME, value: {{ include "cso.fullname" . | quote }}}
- {name: CSO_LEASE_NAMESPACE, value: {{ .Release.Namespace | quote }}}
- {name: CSO_LEASE_SECONDS, value: {{ $values.lease.durationSeconds | toJson | quote }}}
{{- end }}
- {name: CSO_LISTEN_ADDRESS, value: {{ $values.listenAddress | quote }}}
- {name: CSO_PORT, value: {{ $values.port | toJson | quote }}}
- {name: CSO_LOG_LEVEL, value: {{ $values.log.level }}}
- {name: CSO_LOG_FORMAT, value: {{ $values.log.format }}}
- {name: CSO_WORKERS, value: {{ $values.workers | toJson | quote }}}
- {name: CSO_QUOTA_SHARE, value: {{ $values.quotaShare | toJson | quote }}}
{{- range $key, $seconds := $values.timing }}
- {name: CSO_{{ snakecase $key | upper }}, value: {{ $seconds | toJson | quote }}}
{{- end }}
{{- include "cso.awsEnvironment" . }}
{{- end -}}

{{- define "cso.awsEnvironment" -}}
{{- with .Values.aws }}
{{- with .cognitoEndpointUrl }}
- {name: AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER, value: {{ . | quote }}}
{{- end }}
{{- with .stsEndpointUrl }}
- {name: AWS_ENDPOINT_URL_STS, value: {{ . | quote }}}
{{- end }}
{{- if .useFipsEndpoint }}
- {name: AWS_USE_FIPS_ENDPOINT, value: "true"}
{{- end }}
{{- if .useDualstackEndpoint }}
- {name: AWS_USE_DUALSTACK_ENDPOINT, value: "true"}
{{- end }}
{{- if .credentialsSecret }}
{{- $secret := .credentialsSecret }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" }}
- name: {{ . | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret | quote }}
      key: {{ . }}
      {{- if eq . "AWS_SESSION_TOKEN" }}
      optional: true
      {{- end }}
{{- end }}
{{- end }}
{{- if .trustedCa.configMap }}
# boto3 reads the first, the client of token endpoints the second.
- {name: AWS_CA_BUNDLE, value: {{ include "cso.caFile" $ | quote }}}
- {name: SSL_CERT_FILE, value: {{ include "cso.caFile" $ | quote }}}
{{- end }}
{{- with .proxy.url }}
- {name: HTTPS_PROXY, value: {{ . | quote }}}
- {name: HTTP_PROXY, value: {{ . | quote }}}
# Of AWS and token endpoints; the API server is reached directly anyway.
- {name: NO_PROXY, value: {{ concat (list "169.254.170.23" "[fd00:ec2::23]" "localhost" "127.0.0.1" ".svc" ".cluster.local") $.Values.aws.proxy.noProxy | join "," | quote }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "cso.caFolder" -}}/etc/cognito-secret-operator-ca{{- end -}}
{{- define "cso.caFile" -}}{{ include "cso.caFolder" . }}/{{ .Values.aws.trustedCa.key }}{{- end -}}

{{/* Ports of AWS: 443, and those of endpoints and proxies that are named by URL. A list in JSON. */}}
{{- define "cso.awsPorts" -}}
{{- $ports := list 443 -}}
{{- range list .Values.aws.proxy.url .Values.aws.cognitoEndpointUrl .Values.aws.stsEndpointUrl -}}
{{- with . -}}
{{- $url := urlParse . -}}
{{- $named := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $ports = append $ports (int (default (ternary "80" "443" (eq $url.scheme "http")) $named)) -}}
{{- end -}}
{{- end -}}
{{- toJson $ports -}}
{{- end -}}
