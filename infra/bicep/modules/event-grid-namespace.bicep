metadata description = 'The remote broker: an Event Grid namespace that speaks MQTT, with its topic spaces.'

@description('Name of the namespace; the first label of its host name.')
@minLength(3)
@maxLength(50)
param name string

@description('Region of the namespace.')
param location string

@description('Tags of the namespace.')
param tags object

@description('Throughput units: each adds 1,000 messages and 1 MB per second each way.')
@minValue(1)
@maxValue(40)
param capacity int

@description('Sessions that one identity may have, connected or not.')
@minValue(1)
@maxValue(100)
param sessionsPerName int

@description('How long a session outlives its connection at most, in hours.')
@minValue(1)
@maxValue(8)
param sessionExpiryInHours int

@description('Topic spaces by name, each with its topic templates.')
param topicSpaces object

@description('Whether clients may log on with certificates, named by their subject.')
param certificateClients bool

@description('Whether only private endpoints lead there.')
param privateNetwork bool

@description('Resource ID of the Log Analytics workspace.')
param workspaceId string

resource namespace 'Microsoft.EventGrid/namespaces@2025-02-15' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard', capacity: capacity }
  properties: {
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    topicSpacesConfiguration: {
      state: 'Enabled'
      maximumClientSessionsPerAuthenticationName: sessionsPerName
      maximumSessionExpiryInHours: sessionExpiryInHours
      clientAuthentication: {
        alternativeAuthenticationNameSources: certificateClients ? ['ClientCertificateSubject'] : []
      }
    }
  }
}

resource spaces 'Microsoft.EventGrid/namespaces/topicSpaces@2025-02-15' = [
  for space in items(topicSpaces): {
    parent: namespace
    name: space.key
    properties: { topicTemplates: space.value }
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Resource ID of the namespace.')
output id string = namespace.id

@description('Name of the namespace.')
output name string = namespace.name

@description('Host of the MQTT broker: port 8883, or 443 for WebSocket. Not the host of the HTTP endpoint.')
output mqttHost string = namespace.properties.topicSpacesConfiguration.hostname

@description('Resource IDs of the topic spaces, where roles are assigned.')
output topicSpaceIds array = [for (space, index) in items(topicSpaces): spaces[index].id]
