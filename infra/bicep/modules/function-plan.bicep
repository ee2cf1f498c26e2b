metadata description = 'The plan of the control plane: Flex Consumption, which has instances while there is work. It takes one app.'

@description('Name of the plan.')
@minLength(1)
@maxLength(40)
param name string

@description('Region of the plan.')
param location string

@description('Tags of the plan.')
param tags object

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

@description('Resource ID of the plan.')
output id string = plan.id
