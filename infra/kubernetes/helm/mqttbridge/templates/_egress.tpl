{{/* Names, and what listens at the ports of an API server; for agents that is Microsoft Entra, a key vault and a control plane, too. */}}
{{- define "mqttbridge.commonEgress" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
- ports:
    - protocol: TCP
      port: 443
    - protocol: TCP
      port: 6443
{{- end -}}
