metadata description = 'The identity of the bridges of one cluster: a service account of the cluster stands for it (workload identity federation).'

@description('Name of the identity.')
@minLength(3)
@maxLength(128)
param name string

@description('Region of the identity.')
param location string

@description('Tags of the identity.')
param tags object

@description('URL of who issues the tokens of the cluster\'s service accounts.')
@minLength(9)
param issuer string

@description('Kubernetes namespace of the bridges.')
@minLength(1)
@maxLength(63)
param namespace string

@description('Service account of the bridges.')
@minLength(1)
@maxLength(253)
param serviceAccount string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

resource federation 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: identity
  name: 'mqttbridge'
  properties: {
    issuer: issuer
    subject: 'system:serviceaccount:${namespace}:${serviceAccount}'
    audiences: ['api://AzureADTokenExchange']
  }
}

@description('Object ID of its service principal, to which roles are assigned.')
output principalId string = identity.properties.principalId

@description('Client ID, which the service account names.')
output clientId string = identity.properties.clientId
