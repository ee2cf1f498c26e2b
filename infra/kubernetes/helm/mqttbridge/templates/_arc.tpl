{{/* The end of a container, from its list of environment variables on, as the extension manager of Azure Arc writes it; empty without an Arc identity. */}}
{{- define "mqttbridge.arcAdapter" -}}
{{- ((.Values.Azure | default dict).Identity | default dict).MSIAdapterYaml | default "" | trim -}}
{{- end -}}

{{- define "mqttbridge.arcSidecar" -}}
name: arc-msi-adapter
imagePullPolicy: IfNotPresent
env:
- name: TOKEN_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: LIVENESS_PROBE_PORT
  value: "9999"
{{ include "mqttbridge.arcAdapter" . }}
{{- end -}}

{{- define "mqttbridge.arcExtension" -}}
{{- $extension := dict -}}
{{- with ((.Values.Azure | default dict).Extension | default dict).ResourceId -}}
{{- $_ := set $extension "resourceId" . -}}
{{- end -}}
{{- if include "mqttbridge.arcAdapter" . -}}
{{- $sidecar := include "mqttbridge.arcSidecar" . | fromYaml -}}
{{- if not (and $sidecar.image (kindIs "slice" $sidecar.env)) -}}
{{- fail "Azure.Identity.MSIAdapterYaml must be the rest of a container: entries of env, then image and what else it has" -}}
{{- end -}}
{{- $_ := set $extension "sidecar" $sidecar -}}
{{- end -}}
{{- $extension | toJson -}}
{{- end -}}
