metadata description = 'A private endpoint of one service, with the DNS zone that leads to it.'

@description('Name of the endpoint.')
@minLength(2)
@maxLength(64)
param name string

@description('Region of the endpoint.')
param location string

@description('Tags of endpoint and zone.')
param tags object

@description('Resource ID of what the endpoint leads to.')
param targetId string

@description('Which of its services.')
@allowed(['blob', 'queue', 'table', 'sites', 'topic', 'topicspace', 'vault'])
param groupId string

@description('DNS zone of the service.')
param zoneName string

@description('Resource ID of the network where the zone counts.')
param networkId string

@description('Resource ID of the subnet of the endpoint.')
param subnetId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: zone
  name: 'mqttbridge'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: networkId }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: { privateLinkServiceId: targetId, groupIds: [groupId] }
      }
    ]
  }
}

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: groupId, properties: { privateDnsZoneId: zone.id } }]
  }
}
