{{/* Values that contradict each other end the rendering, with the field and the remedy. Helm renders
templates in its own order, so each template that depends on such values includes this check. */}}

{{- define "cso.refuseContradictions" -}}
{{- include "cso.refuseReplicas" . -}}
{{- include "cso.refusePlatform" . -}}
{{- include "cso.refuseAccess" . -}}
{{- include "cso.refuseStrict" . -}}
{{- include "cso.refuseAws" . -}}
{{- include "cso.refuseProcess" . -}}
{{- include "cso.refuseNetwork" . -}}
{{- include "cso.refuseMonitors" . -}}
{{- end -}}

{{- define "cso.refuseReplicas" -}}
{{- with .Values -}}
{{- if and (gt (int .replicaCount) 1) (not .lease.enabled) -}}
{{- fail "replicaCount: several replicas need the Lease: set lease.enabled=true, or replicaCount=1" -}}
{{- end -}}
{{- if and (not .lease.enabled) (ne (toString (get .strategy "type")) "Recreate") -}}
{{- fail "lease.enabled: without the Lease, two operators would run during each upgrade: set strategy.type=Recreate, or lease.enabled=true" -}}
{{- end -}}
{{- $minimum := not (kindIs "invalid" .podDisruptionBudget.minAvailable) -}}
{{- $maximum := not (kindIs "invalid" .podDisruptionBudget.maxUnavailable) -}}
{{- if and .podDisruptionBudget.enabled $minimum $maximum -}}
{{- fail "podDisruptionBudget: set either minAvailable or maxUnavailable, and leave the other empty (null)" -}}
{{- end -}}
{{- $budget := .podDisruptionBudget -}}
{{- if and $budget.enabled (gt (int .replicaCount) 1) -}}
{{- $stays := toString $budget.minAvailable -}}
{{- $isAll := hasSuffix "%" $stays | ternary (ge (int (trimSuffix "%" $stays)) 100) (ge (int $stays) (int .replicaCount)) -}}
{{- if and $minimum $isAll -}}
{{- fail "podDisruptionBudget.minAvailable: no node could be drained: set it below replicaCount" -}}
{{- end -}}
{{- if and $maximum (eq (int (trimSuffix "%" (toString $budget.maxUnavailable))) 0) -}}
{{- fail "podDisruptionBudget.maxUnavailable: no node could be drained: set it to 1 or more" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refusePlatform" -}}
{{- with .Values -}}
{{- if and (not .watch.namespaces) (not .allowList.enabled) -}}
{{- fail "allowList.enabled: without an allow-list, an operator for the whole cluster refuses every resource: set allowList.enabled=true and allowList.rules, or set watch.namespaces" -}}
{{- end -}}
{{- if and (not .allowList.enabled) .allowList.rules -}}
{{- fail "allowList.rules: the rules would not be used: set allowList.enabled=true, or remove the rules" -}}
{{- end -}}
{{- if and .platformConfigMap .allowList.rules -}}
{{- fail "platformConfigMap: the allow-list is read from your ConfigMap's key allow.yaml: move allowList.rules there" -}}
{{- end -}}
{{- if and .platformConfigMap (include "cso.freeze" $) -}}
{{- fail "platformConfigMap: the freeze switch is the key freeze of your ConfigMap: set it there, and leave the value freeze empty" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refuseAccess" -}}
{{- with .Values -}}
{{- if and (not .serviceAccount.create) (not .serviceAccount.name) -}}
{{- fail "serviceAccount.name: set the name of your ServiceAccount, or set serviceAccount.create=true: the account named default belongs to every pod" -}}
{{- end -}}
{{- if and .rbac.userRoles.create .watch.namespaces (or .rbac.userRoles.aggregateToEdit .rbac.userRoles.aggregateToAdmin) -}}
{{- fail "rbac.userRoles: a Role in a namespace cannot be added to edit or admin: set aggregateToEdit=false and aggregateToAdmin=false and bind the Roles, or leave watch.namespaces empty" -}}
{{- end -}}
{{- if and (has "Deny" .admissionPolicy.validationActions) (has "Warn" .admissionPolicy.validationActions) -}}
{{- fail "admissionPolicy.validationActions: Kubernetes refuses Deny together with Warn: remove one of them" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refuseStrict" -}}
{{- with .Values -}}
{{- $served := .watch.namespaces -}}
{{- if and .rbac.secretNames (not .rbac.create) -}}
{{- fail "rbac.secretNames: no Role is created for these names: set rbac.create=true, or write the names into your own Roles" -}}
{{- end -}}
{{- if and .rbac.secretNames (not $served) -}}
{{- fail "rbac.secretNames: access by name is granted per namespace: list the same namespaces in watch.namespaces" -}}
{{- end -}}
{{- range $namespace, $names := .rbac.secretNames -}}
{{- if not (has $namespace $served) -}}
{{- fail (printf "rbac.secretNames.%s: the namespace is not served: add it to watch.namespaces, or remove it here" $namespace) -}}
{{- end -}}
{{- if not (regexMatch "-cognito-journal( |$)" (join " " $names)) -}}
{{- fail (printf "rbac.secretNames.%s: the names lack a journal: add <resource>-cognito-journal for each resource" $namespace) -}}
{{- end -}}
{{- end -}}
{{- if .rbac.secretNames -}}
{{- range .rbac.extraRules -}}
{{- $reaches := or (has "secrets" .resources) (has "*" .resources) -}}
{{- if and $reaches (or (has "" .apiGroups) (has "*" .apiGroups)) -}}
{{- fail "rbac.extraRules: a rule for Secrets would undo strict mode: list the Secrets in rbac.secretNames, or remove secrets and * from the rule's resources" -}}
{{- end -}}
{{- end -}}
{{- range $served -}}
{{- if not (hasKey $.Values.rbac.secretNames .) -}}
{{- fail (printf "rbac.secretNames: namespace %s of watch.namespaces is missing: add the names of its Secrets" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refuseAws" -}}
{{- with .Values -}}
{{- if and .aws.roleArn .aws.credentialsSecret -}}
{{- fail "aws.credentialsSecret: keys from a Secret take precedence over the role of aws.roleArn: set only one of them" -}}
{{- end -}}
{{- if and .aws.roleArn (not .serviceAccount.create) -}}
{{- fail "aws.roleArn: the chart annotates only a ServiceAccount that it creates: annotate yours with eks.amazonaws.com/role-arn" -}}
{{- end -}}
{{- if and .aws.proxy.noProxy (not .aws.proxy.url) -}}
{{- fail "aws.proxy.noProxy: no proxy is set: set aws.proxy.url, or remove noProxy" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refuseProcess" -}}
{{- with .Values -}}
{{- if gt (float64 .timing.pollMinSeconds) (float64 .timing.pollMaxSeconds) -}}
{{- fail "timing.pollMinSeconds: it must not be above timing.pollMaxSeconds" -}}
{{- end -}}
{{- if lt (float64 .timing.listDistrustSeconds) (float64 .timing.listLagSeconds) -}}
{{- fail "timing.listDistrustSeconds: it must not be below timing.listLagSeconds" -}}
{{- end -}}
{{- $ours := list -}}
{{- range include "cso.ownEnvironment" $ | fromYamlArray -}}{{- $ours = append $ours .name -}}{{- end -}}
{{- range .extraEnv -}}
{{- if has .name $ours -}}
{{- fail (printf "extraEnv: the chart sets %s itself: use the chart's own value for it" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refuseNetwork" -}}
{{- with .Values.networkPolicy -}}
{{- if and .enabled .awsTo (not .apiServerTo) -}}
{{- range include "cso.awsPorts" $ | fromJsonArray -}}
{{- if has (int .) $.Values.networkPolicy.apiServerPorts | or (has (float64 .) $.Values.networkPolicy.apiServerPorts) -}}
{{- fail (printf "networkPolicy.awsTo: port %d is open to any address for the API server: set networkPolicy.apiServerTo, or remove the port from networkPolicy.apiServerPorts" (int .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "cso.refuseMonitors" -}}
{{- with .Values -}}
{{- if and .serviceMonitor.enabled .podMonitor.enabled -}}
{{- fail "podMonitor.enabled: with the ServiceMonitor, every pod would be scraped twice: enable one of them" -}}
{{- end -}}
{{- if and .serviceMonitor.enabled (not .service.create) -}}
{{- fail "serviceMonitor.enabled: a ServiceMonitor needs the Service: set service.create=true, or use podMonitor" -}}
{{- end -}}
{{- if and .prometheusRule.enabled .grafana.alerts.enabled -}}
{{- fail "grafana.alerts.enabled: with the PrometheusRule, each alert would be sent twice: enable one of them" -}}
{{- end -}}
{{- range $name, $text := .alerts.labels -}}
{{- if and $.Values.grafana.alerts.enabled (contains "$" $text) -}}
{{- fail (printf "alerts.labels.%s: Grafana would replace the text after $ by an environment variable: remove the $" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
