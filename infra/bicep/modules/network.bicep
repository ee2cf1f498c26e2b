metadata description = 'The network of private endpoints, and the subnet that the control plane reaches them from.'

@description('Name of the virtual network.')
@minLength(2)
@maxLength(64)
param name string

@description('Region of the network.')
param location string

@description('Tags of the network.')
param tags object

@description('Addresses of the network, /24 or more.')
@minLength(9)
@maxLength(18)
param addressPrefix string

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'endpoints'
        properties: { addressPrefix: cidrSubnet(addressPrefix, 26, 0), privateEndpointNetworkPolicies: 'Disabled' }
      }
      {
        name: 'control-plane'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          delegations: [{ name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
    ]
  }
}

@description('Resource ID of the network.')
output id string = network.id

@description('Resource ID of the subnet of private endpoints.')
output endpointsSubnetId string = network.properties.subnets[0].id

@description('Resource ID of the subnet of the control plane.')
output controlPlaneSubnetId string = network.properties.subnets[1].id
