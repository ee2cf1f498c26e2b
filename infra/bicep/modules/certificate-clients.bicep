metadata description = 'What bridges with client certificates may do: those of one authority, in one client group, within the topic spaces.'

@description('Name of the Event Grid namespace.')
@minLength(3)
@maxLength(50)
param namespaceName string

@description('Names of the topic spaces, of 40 characters at most: permission bindings are named after them.')
@minLength(1)
param topicSpaceNames string[]

@description('Certificate of the authority that signed those of the bridges, as PEM. Public.')
param caCertificate string

@description('Which clients are bridges: a query on their attributes.')
param clientQuery string

resource namespace 'Microsoft.EventGrid/namespaces@2025-02-15' existing = {
  name: namespaceName
}

resource authority 'Microsoft.EventGrid/namespaces/caCertificates@2025-02-15' = {
  parent: namespace
  name: 'bridges-ca'
  properties: {
    description: 'Signs the certificates of bridges.'
    encodedCertificate: caCertificate
  }
}

resource bridges 'Microsoft.EventGrid/namespaces/clientGroups@2025-02-15' = {
  parent: namespace
  name: 'bridges'
  properties: {
    description: 'Bridges that log on with certificates.'
    query: clientQuery
  }
}

resource publishers 'Microsoft.EventGrid/namespaces/permissionBindings@2025-02-15' = [
  for name in topicSpaceNames: {
    parent: namespace
    name: '${name}-publish'
    properties: {
      clientGroupName: bridges.name
      topicSpaceName: name
      permission: 'Publisher'
    }
  }
]

resource subscribers 'Microsoft.EventGrid/namespaces/permissionBindings@2025-02-15' = [
  for name in topicSpaceNames: {
    parent: namespace
    name: '${name}-subscribe'
    properties: {
      clientGroupName: bridges.name
      topicSpaceName: name
      permission: 'Subscriber'
    }
  }
]
