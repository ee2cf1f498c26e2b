metadata description = 'Tells the control plane when and why Event Grid ends a session. Needs the function, so it comes after the app\'s code.'

@description('Name of the system topic.')
@minLength(3)
@maxLength(128)
param name string

@description('Region of the namespace.')
param location string

@description('Tags of the system topic.')
param tags object

@description('Resource ID of the Event Grid namespace.')
param namespaceId string

@description('Resource ID of the function app.')
param functionAppId string

@description('Resource ID of the Log Analytics workspace.')
param workspaceId string

resource systemTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    source: namespaceId
    topicType: 'Microsoft.EventGrid.Namespaces'
  }
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: systemTopic
  name: 'mqttbridge-sessions'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${functionAppId}/functions/takeSessionEvent'
        // One by one: an event that cannot be taken does not make others come again.
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    filter: {
      includedEventTypes: [
        'Microsoft.EventGrid.MQTTClientSessionConnected'
        'Microsoft.EventGrid.MQTTClientSessionDisconnected'
      ]
    }
    // Older ones say nothing of how a session is now.
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 60 }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: systemTopic
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
