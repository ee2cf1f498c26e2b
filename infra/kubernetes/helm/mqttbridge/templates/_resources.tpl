{{/* A connector or topic map of the values as JSON. Takes root, kind and item: a whole resource, or its name and spec. */}}
{{- define "mqttbridge.resource" -}}
{{- $own := .item.metadata | default dict -}}
{{- $namespace := $own.namespace | default .root.Release.Namespace -}}
{{- $name := $own.name | default .item.name -}}
{{- if and (ne $namespace .root.Release.Namespace) (not .root.Values.allNamespaces) -}}
{{- fail (printf "%s %s: the operator looks after namespace %s alone; set allNamespaces for namespace %s" .kind $name .root.Release.Namespace $namespace) -}}
{{- end -}}
{{- $labels := include "mqttbridge.releaseLabels" .root | fromYaml -}}
{{- range $key, $value := $own.labels | default dict -}}
{{- $_ := set $labels $key $value -}}
{{- end -}}
{{- $metadata := dict "name" $name "namespace" $namespace "labels" $labels -}}
{{- with $own.annotations -}}
{{- $_ := set $metadata "annotations" . -}}
{{- end -}}
{{- $spec := dict -}}
{{- if eq .kind "MqttBridgeConnector" -}}
{{- $_ := set $spec "logLevel" .root.Values.logLevel -}}
{{- end -}}
{{- range $key, $value := .item.spec -}}
{{- $_ := set $spec $key $value -}}
{{- end -}}
{{- dict "apiVersion" "mq.iotoperations.azure.com/v1beta1" "kind" .kind "metadata" $metadata "spec" $spec | toJson -}}
{{- end -}}

{{/* Helm asks the API server for every kind before it creates anything, so definitions of the same release come too late. */}}
{{- define "mqttbridge.needsDefinitions" -}}
{{- $served := .Capabilities.APIVersions.Has "mq.iotoperations.azure.com/v1beta1/MqttBridgeConnector" -}}
{{- if and (.Capabilities.APIVersions.Has "apps/v1/Deployment") (not $served) -}}
{{- fail "connectors and topicMaps need the custom resource definitions on the cluster: leave both out of the first installation, and add them by helm upgrade" -}}
{{- end -}}
{{- end -}}

{{/* Names of the Secrets that the connectors of one namespace log on with, as a JSON list. Takes root and namespace. */}}
{{- define "mqttbridge.secretNames" -}}
{{- $names := list .root.Values.definition.controlPlane.key.secretName -}}
{{- if eq .namespace .root.Release.Namespace -}}
{{- $names = concat $names .root.Values.rbac.secretNames -}}
{{- end -}}
{{- range .root.Values.connectors -}}
{{- if eq ((.metadata | default dict).namespace | default $.root.Release.Namespace) $.namespace -}}
{{- $connection := .spec.localBrokerConnection | default dict -}}
{{- range $side := list $connection .spec.remoteBrokerConnection -}}
{{- $names = concat $names (include "mqttbridge.secretsOfLogOn" ($side.authentication | default dict) | fromJsonArray) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- without $names "" | uniq | sortAlpha | toJson -}}
{{- end -}}

{{- define "mqttbridge.secretsOfLogOn" -}}
{{- $x509 := .x509 | default dict -}}
{{- $vault := ($x509.keyVault | default dict).vault | default dict -}}
{{- list (.usernamePassword | default dict).secretName $x509.secretName ($vault.credentials | default dict).servicePrincipalLocalSecretName | compact | toJson -}}
{{- end -}}

{{/* Namespaces that connectors of the values are in, with that of the release, as a JSON list. */}}
{{- define "mqttbridge.namespaces" -}}
{{- $namespaces := list .Release.Namespace -}}
{{- range .Values.connectors -}}
{{- $namespaces = append $namespaces ((.metadata | default dict).namespace | default $.Release.Namespace) -}}
{{- end -}}
{{- $namespaces | uniq | sortAlpha | toJson -}}
{{- end -}}
