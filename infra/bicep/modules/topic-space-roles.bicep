metadata description = 'What one bridge may do: publish and subscribe within the named topic spaces, and nothing else of the namespace.'

@description('Name of the Event Grid namespace.')
@minLength(3)
@maxLength(50)
param namespaceName string

@description('Names of the topic spaces.')
@minLength(1)
param topicSpaceNames string[]

@description('Object ID of the identity of the bridge.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Whether it may publish: routes local-to-remote.')
param mayPublish bool

@description('Whether it may subscribe: routes remote-to-local.')
param maySubscribe bool

var eventGridTopicSpacesPublisher = 'a12b0b94-b317-4dcd-84a8-502ce99884c6'
var eventGridTopicSpacesSubscriber = '4b0f2fd7-60b4-4eca-896f-4435034f8bf5'

resource namespace 'Microsoft.EventGrid/namespaces@2025-02-15' existing = {
  name: namespaceName
}

resource spaces 'Microsoft.EventGrid/namespaces/topicSpaces@2025-02-15' existing = [
  for name in topicSpaceNames: {
    parent: namespace
    name: name
  }
]

resource publishers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in topicSpaceNames: if (mayPublish) {
    name: guid(namespace.id, name, principalId, eventGridTopicSpacesPublisher)
    scope: spaces[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridTopicSpacesPublisher)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource subscribers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in topicSpaceNames: if (maySubscribe) {
    name: guid(namespace.id, name, principalId, eventGridTopicSpacesSubscriber)
    scope: spaces[index]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridTopicSpacesSubscriber)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]
