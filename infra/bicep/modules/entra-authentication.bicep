metadata description = 'App Service authentication in front of the control plane, by Microsoft Entra.'

@description('Name of the function app.')
@minLength(2)
@maxLength(60)
param functionAppName string

@description('Tenant whose tokens are taken.')
@minLength(36)
@maxLength(36)
param tenantId string

@description('Client ID of the app registration of the control plane.')
@minLength(36)
@maxLength(36)
param clientId string

@description('Audience of tokens: the application ID URI.')
@minLength(1)
param audience string

@description('Whether requests without a token end here. If not, the control plane judges them: keys of sites go on working.')
param required bool

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource authentication 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true, runtimeVersion: '~2' }
    globalValidation: {
      requireAuthentication: required
      unauthenticatedClientAction: required ? 'Return401' : 'AllowAnonymous'
      // Whether it lives, and where Event Grid delivers with the key of its extension.
      excludedPaths: ['/api/live', '/runtime/webhooks/eventgrid']
    }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
          clientId: clientId
        }
        validation: { allowedAudiences: [audience, clientId] }
      }
    }
    login: { tokenStore: { enabled: false } }
  }
}
