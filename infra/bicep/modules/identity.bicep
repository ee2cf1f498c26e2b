metadata description = 'The identity of the control plane. It exists before the app, so that its roles do too when the app first starts.'

@description('Name of the identity.')
@minLength(3)
@maxLength(128)
param name string

@description('Region of the identity.')
param location string

@description('Tags of the identity.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource ID of the identity.')
output id string = identity.id

@description('Object ID of its service principal, to which roles are assigned.')
output principalId string = identity.properties.principalId

@description('Client ID, by which a process chooses it.')
output clientId string = identity.properties.clientId
