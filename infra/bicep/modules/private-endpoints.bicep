metadata description = 'The private endpoints of everything that has them.'

@description('Beginning of the names of endpoints.')
@minLength(2)
@maxLength(40)
param namePrefix string

@description('Region of the endpoints.')
param location string

@description('Tags of endpoints and zones.')
param tags object

@description('Resource IDs by kind: storage, functionApp, alertTopic, namespace, keyVault.')
param targetIds object

@description('Whether there is a key vault among targetIds.')
param keyVault bool

@description('Resource ID of the network.')
param networkId string

@description('Resource ID of the subnet of the endpoints.')
param subnetId string

var storageSuffix = environment().suffixes.storage
var endpoints = [
  { target: 'storage', groupId: 'blob', zone: 'privatelink.blob.${storageSuffix}' }
  { target: 'storage', groupId: 'queue', zone: 'privatelink.queue.${storageSuffix}' }
  { target: 'storage', groupId: 'table', zone: 'privatelink.table.${storageSuffix}' }
  { target: 'functionApp', groupId: 'sites', zone: 'privatelink.azurewebsites.net' }
  { target: 'alertTopic', groupId: 'topic', zone: 'privatelink.eventgrid.azure.net' }
  { target: 'namespace', groupId: 'topicspace', zone: 'privatelink.ts.eventgrid.azure.net' }
]

module services 'private-endpoint.bicep' = [
  for endpoint in endpoints: {
    params: {
      name: '${namePrefix}-${endpoint.groupId}'
      location: location
      tags: tags
      targetId: targetIds[endpoint.target]
      groupId: endpoint.groupId
      zoneName: endpoint.zone
      networkId: networkId
      subnetId: subnetId
    }
  }
]

module vault 'private-endpoint.bicep' = if (keyVault) {
  params: {
    name: '${namePrefix}-vault'
    location: location
    tags: tags
    targetId: targetIds.keyVault
    groupId: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
    networkId: networkId
    subnetId: subnetId
  }
}
