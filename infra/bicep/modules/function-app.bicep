metadata description = 'The control plane: a function app on the Flex Consumption plan, which logs on everywhere as its user-assigned identity.'

@description('Resource ID of the plan.')
param planId string

@description('Name of the app; the first label of its host name.')
@minLength(2)
@maxLength(60)
param name string

@description('Region of the app.')
param location string

@description('Tags of the app.')
param tags object

@description('Resource ID of the identity of the control plane.')
param identityId string

@description('Client ID of the identity of the control plane.')
param identityClientId string

@description('Endpoints of the storage account: blob, queue, table.')
param storageEndpoints object

@description('URL of the container of the app\'s packages.')
param packageContainerUrl string

@description('Where telemetry goes. It gives no right.')
param applicationInsightsConnectionString string

@description('Settings of the app itself: MQTTBRIDGE_*.')
param settings object

@description('Version of Node.js.')
@allowed(['22', '24'])
param nodeVersion string

@description('Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('Most instances at a time.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('Whether only private endpoints lead there.')
param privateNetwork bool

@description('Subnet that the app reaches private endpoints from; not used without them.')
param subnetId string

@description('Resource ID of the Log Analytics workspace.')
param workspaceId string

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // The tag by which azd finds where the service goes.
  tags: union(tags, { 'azd-service-name': 'control-plane' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: privateNetwork ? subnetId : null
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: { instanceMemoryMB: instanceMemoryMB, maximumInstanceCount: maximumInstanceCount }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      // Event Grid delivers from outside of any network: with private endpoints it stays the only one that may.
      ipSecurityRestrictionsDefaultAction: privateNetwork ? 'Deny' : 'Allow'
      ipSecurityRestrictions: privateNetwork
        ? [{ name: 'event-grid', priority: 100, action: 'Allow', tag: 'ServiceTag', ipAddress: 'AzureEventGrid' }]
        : []
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictionsDefaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
  }
}

resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
    AZURE_CLIENT_ID: identityClientId
    AzureWebJobsStorage__blobServiceUri: storageEndpoints.blob
    AzureWebJobsStorage__clientId: identityClientId
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__queueServiceUri: storageEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: storageEndpoints.table
  })
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Resource ID of the app.')
output id string = app.id

@description('Name of the app.')
output name string = app.name

@description('Where the control plane is.')
output url string = 'https://${app.properties.defaultHostName}'
