metadata description = 'Where the control plane sends alerts as CloudEvents, and whoever cares subscribes.'

@description('Name of the custom topic.')
@minLength(3)
@maxLength(50)
param name string

@description('Region of the topic.')
param location string

@description('Tags of the topic.')
param tags object

@description('Whether only private endpoints lead there.')
param privateNetwork bool

@description('Principal ID of the control plane, which sends.')
param senderPrincipalId string

@description('Resource ID of the Log Analytics workspace.')
param workspaceId string

var eventGridDataSender = 'd5a91429-5739-47e2-a06b-3470a27159e7'

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(topic.id, senderPrincipalId, eventGridDataSender)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridDataSender)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Resource ID of the topic.')
output id string = topic.id

@description('Endpoint of the topic.')
output endpoint string = topic.properties.endpoint
