{{/* The operator's configuration file, as JSON: fields without a value are left out. */}}
{{- define "mqttbridge.operatorConfig" -}}
{{- $image := dict "repository" .Values.image.repository "tag" (include "mqttbridge.tag" .) "pullPolicy" .Values.image.pullPolicy -}}
{{- $pullSecrets := list -}}
{{- range .Values.imagePullSecrets -}}
{{- $pullSecrets = append $pullSecrets .name -}}
{{- end -}}
{{- if $pullSecrets -}}
{{- $_ := set $image "pullSecrets" $pullSecrets -}}
{{- end -}}
{{- $config := dict "apiVersion" "mqttbridge/v1" "kind" "OperatorConfig" "image" $image -}}
{{- $_ := set $config "definition" (include "mqttbridge.definition" . | fromJson) -}}
{{- with include "mqttbridge.agents" . | fromJson -}}
{{- $_ := set $config "agents" . -}}
{{- end -}}
{{- $token := dict "expirationSeconds" (int .Values.localToken.expirationSeconds) -}}
{{- with .Values.localToken.audience -}}
{{- $_ := set $token "audience" . -}}
{{- end -}}
{{- $_ := set $config "localToken" $token -}}
{{- with .Values.workloadIdentity.clientId -}}
{{- $_ := set $config "workloadIdentity" (dict "clientId" .) -}}
{{- end -}}
{{- with include "mqttbridge.arcExtension" . | fromJson -}}
{{- $_ := set $config "arcExtension" . -}}
{{- end -}}
{{- $config | toJson -}}
{{- end -}}

{{- define "mqttbridge.definition" -}}
{{- $source := dict -}}
{{- with .Values.persistence -}}
{{- if .enabled -}}
{{- $storage := dict "size" .size -}}
{{- with .storageClass -}}
{{- $_ := set $storage "storageClassName" . -}}
{{- end -}}
{{- $_ := set $source "storage" $storage -}}
{{- end -}}
{{- end -}}
{{- with .Values.definition.controlPlane -}}
{{- if .url -}}
{{- $_ := set $source "url" .url -}}
{{- $_ := set $source "site" (required "definition.controlPlane.site: the control plane keeps definitions by site" .site) -}}
{{- if and .key.secretName .audience -}}
{{- fail "definition.controlPlane: the agents log on by audience or key.secretName, not by both" -}}
{{- end -}}
{{- if .key.secretName -}}
{{- $_ := set $source "key" (dict "secretName" .key.secretName "key" (required "definition.controlPlane.key.key: which entry of the Secret is the key" .key.key)) -}}
{{- else -}}
{{- $_ := set $source "audience" (required "definition.controlPlane: the agents log on by audience or key.secretName" .audience) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict (ternary "controlPlane" "kubernetes" (hasKey $source "url")) $source | toJson -}}
{{- end -}}

{{- define "mqttbridge.agents" -}}
{{- $agents := dict "userId" (int .Values.agents.userId) -}}
{{- range $field := list "affinity" "nodeSelector" "podAnnotations" "podLabels" "resources" "tolerations" -}}
{{- with index $.Values.agents $field -}}
{{- $_ := set $agents $field . -}}
{{- end -}}
{{- end -}}
{{- with include "mqttbridge.agentServiceAccountName" . -}}
{{- $_ := set $agents "serviceAccountName" . -}}
{{- end -}}
{{- with concat (include "mqttbridge.proxyEnv" . | fromJsonArray) .Values.agents.extraEnv -}}
{{- $_ := set $agents "extraEnv" . -}}
{{- end -}}
{{- $agents | toJson -}}
{{- end -}}

{{/* Token and control plane requests of agents go by the cluster's proxy, what is inside the cluster does not. MQTT knows no proxy. */}}
{{- define "mqttbridge.proxyEnv" -}}
{{- $env := list -}}
{{- $proxy := (.Values.Azure | default dict).proxySettings | default dict -}}
{{- if eq (toString $proxy.isProxyEnabled) "true" -}}
{{- $inside := "169.254.169.254,$(KUBERNETES_SERVICE_HOST),.svc,.cluster.local" -}}
{{- with $proxy.httpProxy -}}
{{- $env = append $env (dict "name" "HTTP_PROXY" "value" .) -}}
{{- end -}}
{{- with $proxy.httpsProxy -}}
{{- $env = append $env (dict "name" "HTTPS_PROXY" "value" .) -}}
{{- end -}}
{{- $env = append $env (dict "name" "NO_PROXY" "value" (printf "%s,%s" $inside ($proxy.noProxy | default "") | trimSuffix ",")) -}}
{{- $env = append $env (dict "name" "NODE_USE_ENV_PROXY" "value" "1") -}}
{{- end -}}
{{- $env | toJson -}}
{{- end -}}
