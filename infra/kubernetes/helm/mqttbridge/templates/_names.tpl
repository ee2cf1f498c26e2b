{{/* Names and labels. Names leave room for what is put behind them. */}}
{{- define "mqttbridge.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "mqttbridge.fullname" -}}
{{- $name := include "mqttbridge.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "mqttbridge.operatorName" -}}
{{- include "mqttbridge.fullname" . }}-operator
{{- end -}}

{{/* Not the name that pods of agents have: the operator must never be taken for the agent of a connector of this release's name. */}}
{{- define "mqttbridge.selectorLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: {{ include "mqttbridge.name" . }}-operator
{{- end -}}

{{- define "mqttbridge.releaseLabels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: mqttbridge
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "mqttbridge.labels" -}}
{{ include "mqttbridge.releaseLabels" . }}
app.kubernetes.io/component: operator
{{ include "mqttbridge.selectorLabels" . }}
{{- end -}}

{{/* The labels with more, which replace none of them. Takes root and more. */}}
{{- define "mqttbridge.labelsAnd" -}}
{{- $labels := dict -}}
{{- range $key, $value := .more -}}
{{- $_ := set $labels $key $value -}}
{{- end -}}
{{- range $key, $value := include "mqttbridge.labels" .root | fromYaml -}}
{{- $_ := set $labels $key $value -}}
{{- end -}}
{{- $labels | toYaml -}}
{{- end -}}

{{- define "mqttbridge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "mqttbridge.operatorName" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* The one service account of all agents; empty where each connector has its own. An Arc identity is given to accounts by name. */}}
{{- define "mqttbridge.agentServiceAccountName" -}}
{{- $account := .Values.agents.serviceAccount -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if or $account.create (include "mqttbridge.arcAdapter" .) -}}
{{- include "mqttbridge.fullname" . -}}
{{- end -}}
{{- end -}}

{{- define "mqttbridge.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{- define "mqttbridge.image" -}}
{{- $tag := include "mqttbridge.tag" . -}}
{{- printf "%s%s%s" .Values.image.repository (ternary "@" ":" (hasPrefix "sha256:" $tag)) $tag -}}
{{- end -}}
