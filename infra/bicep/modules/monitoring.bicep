metadata description = 'Where logs and metrics of everything go: a Log Analytics workspace, and Application Insights on top of it.'

@description('Name of the workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('Name of the Application Insights component.')
@minLength(1)
@maxLength(255)
param componentName string

@description('Region of both.')
param location string

@description('Tags of both.')
param tags object

@description('How long logs are kept, in days.')
@minValue(30)
@maxValue(730)
param retentionInDays int

@description('Principal ID of the control plane, which may send telemetry.')
param senderPrincipalId string

// Monitoring Metrics Publisher: what Application Insights asks of who sends telemetry without a key.
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionInDays
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource sender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, senderPrincipalId, monitoringMetricsPublisher)
  scope: component
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: senderPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Resource ID of the workspace, for diagnostic settings.')
output workspaceId string = workspace.id

@description('Connection string of Application Insights. It says where, and gives no right: local authentication is off.')
output connectionString string = component.properties.ConnectionString
