{{/* What the operator may do in the namespaces it looks after. It hands on to agents only what it may do itself. */}}
{{- define "mqttbridge.rules" -}}
- apiGroups: [mq.iotoperations.azure.com]
  resources: [mqttbridgeconnectors, mqttbridgetopicmaps]
  verbs: [get, list, watch]
- apiGroups: [mq.iotoperations.azure.com]
  resources: [mqttbridgeconnectors/status, mqttbridgetopicmaps/status]
  verbs: [patch]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: ['']
  resources: [serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get, list, watch]
- apiGroups: ['']
  resources: [events]
  verbs: [create]
{{- end -}}

{{/* Where leaders are elected. */}}
{{- define "mqttbridge.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [mqttbridge-operator]
  verbs: [get, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end -}}
