metadata description = 'Everything of mqttbridge in Azure, and on request the bridges on Arc-enabled clusters.'

targetScope = 'subscription'

@description('Name of the environment: part of the resource group\'s name and seed of all others.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of everything.')
@minLength(1)
param location string

@description('Beginning of resource names: lower-case letters and digits.')
@minLength(2)
@maxLength(12)
param namePrefix string = 'mqttbridge'

@description('Tags of everything, besides those of azd.')
param tags object = {}

@description('Object IDs of the identities of the bridges, one per site: of the Arc extension, or of a workload identity.')
@maxLength(500)
param bridgePrincipalIds string[] = []

@description('What bridges may publish to and subscribe to: topic templates by the name of the topic space.')
param topicSpaces object = { telemetry: ['telemetry/#'] }

@description('Whether bridges publish to Event Grid: routes local-to-remote.')
param bridgesPublish bool = true

@description('Whether bridges subscribe at Event Grid: routes remote-to-local.')
param bridgesSubscribe bool = true

@description('Instances of the connector: spec.bridgeInstances, the highest of those that share an identity.')
@minValue(1)
@maxValue(99)
param bridgeInstances int = 1

@description('What sessions are named by: spec.remoteSessions. With a managed identity it is perInstance unless told.')
@allowed(['perInstance', 'perRoute'])
param remoteSessions string = 'perInstance'

@description('Clients of all routes of the connector, with perRoute: 1 for each route, groupMinimumShareNumber for a shared one.')
@minValue(1)
@maxValue(99)
param routeClients int = 1

@description('Sessions of an instance, with perInstance: one more for each source at Event Grid that overlaps another.')
@minValue(1)
@maxValue(99)
param sessionsPerInstance int = 1

@description('Throughput units of the namespace.')
@minValue(1)
@maxValue(40)
param throughputUnits int = 1

@description('How long a session outlives its connection, in hours: how long a site may be away before Event Grid forgets it.')
@minValue(1)
@maxValue(8)
param sessionExpiryInHours int = 8

@description('Certificate of the authority of bridges with client certificates, as PEM; empty: bridges log on by Microsoft Entra only.')
param caCertificate string = ''

@description('Which certificate clients are bridges.')
param certificateClientQuery string = 'attributes.type IN ["mqttbridge"]'

@description('Audience of tokens for the control plane: the application ID URI of its app registration. Empty: it lets nobody in.')
param entraAudience string = ''

@description('Client ID of that app registration; only for App Service authentication.')
param entraClientId string = ''

@description('Whether App Service authentication is in front. Where it is required, keys of sites no longer work: all agents need tokens.')
@allowed(['off', 'optional', 'required'])
param appServiceAuthentication string = 'off'

@description('How often agents report, in seconds.')
@minValue(1)
@maxValue(3600)
param reportIntervalSeconds int = 30

@description('How long a better state must last before it becomes the verdict, in seconds.')
@minValue(0)
@maxValue(86400)
param recoverAfterSeconds int = 60

@description('Requests per second and caller.')
@minValue(1)
@maxValue(100000)
param requestsPerSecond int = 50

@description('Version of Node.js of the control plane.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Memory of an instance of the control plane, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of the control plane.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Redundancy of the control plane\'s storage.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSkuName string = 'Standard_ZRS'

@description('How long logs are kept, in days.')
@minValue(30)
@maxValue(730)
param logRetentionInDays int = 30

@description('Whether there is a key vault for client certificates.')
param keyVault bool = false

@description('Object IDs of the service principals that bridges read the key vault with.')
param keyVaultReaderPrincipalIds string[] = []

@description('Private endpoints instead of public access, for everything that has them.')
param privateNetwork bool = false

@description('Addresses of the private network.')
param networkAddressPrefix string = '10.84.0.0/24'

@description('Whether the app\'s code is deployed: Event Grid takes a subscription only for a function that exists.')
param functionsDeployed bool = false

@description('Arc-enabled clusters of this subscription that get the bridge: objects with name, resourceGroup and site. With oidcIssuer they get an identity for it too.')
param arcClusters array = []

@description('Git repository with the Kustomize overlay; needed with arcClusters.')
param repositoryUrl string = ''

@description('Tag of that repository.')
param repositoryTag string = 'v0.1.0'

@description('Folder of the overlay.')
param kustomizePath string = 'infra/kubernetes/overlays/arc'

@description('Kubernetes namespace of the bridges.')
@minLength(1)
@maxLength(63)
param kubernetesNamespace string = 'azure-iot-operations'

@description('Service account that the bridges of clusters with oidcIssuer run as.')
@minLength(1)
@maxLength(253)
param serviceAccount string = 'mqttbridge'

@description('Image of the bridge, with its tag; empty: that of the overlay.')
param image string = ''

@description('Whether to install the extension microsoft.flux on the clusters.')
param installFlux bool = true

var token = toLower(uniqueString(subscription().id, environmentName, location))
var allTags = union(tags, { 'azd-env-name': environmentName, application: 'mqttbridge' })
var resourceGroupName = 'rg-${take(environmentName, 87)}'
var names = {
  alertTopic: 'evgt-${namePrefix}-${token}'
  applicationInsights: 'appi-${namePrefix}-${token}'
  functionApp: 'func-${namePrefix}-${token}'
  identity: 'id-${namePrefix}-${token}'
  keyVault: 'kv-${take(namePrefix, 7)}-${token}'
  namespace: 'evgns-${namePrefix}-${token}'
  network: 'vnet-${namePrefix}-${token}'
  plan: 'plan-${namePrefix}-${token}'
  storage: 'st${take(namePrefix, 9)}${token}'
  systemTopic: 'evgst-${namePrefix}-${token}'
  workspace: 'log-${namePrefix}-${token}'
}
var packageContainer = 'app-packages'
// One more, which `mqttbridge check` needs while the bridge runs.
var sessionsPerName = min(100, (remoteSessions == 'perRoute' ? routeClients : bridgeInstances * sessionsPerInstance) + 1)
var topicSpaceNames = objectKeys(topicSpaces)
var settings = union(
  {
    MQTTBRIDGE_ALERT_TOPIC_ENDPOINT: alertTopic.outputs.endpoint
    MQTTBRIDGE_ENTRA_AUTHORITY: environment().authentication.loginEndpoint
    MQTTBRIDGE_RECOVER_AFTER_SECONDS: string(recoverAfterSeconds)
    MQTTBRIDGE_REPORT_INTERVAL_SECONDS: string(reportIntervalSeconds)
    MQTTBRIDGE_REQUESTS_PER_SECOND: string(requestsPerSecond)
  },
  empty(entraAudience)
    ? {}
    : { MQTTBRIDGE_ENTRA_AUDIENCE: entraAudience, MQTTBRIDGE_ENTRA_TENANT_ID: tenant().tenantId }
)

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: names.workspace
    componentName: names.applicationInsights
    location: location
    tags: allTags
    retentionInDays: logRetentionInDays
    senderPrincipalId: identity.outputs.principalId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    name: names.network
    location: location
    tags: allTags
    addressPrefix: networkAddressPrefix
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storage
    location: location
    tags: allTags
    skuName: storageSkuName
    packageContainer: packageContainer
    privateNetwork: privateNetwork
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module namespace 'modules/event-grid-namespace.bicep' = {
  scope: group
  params: {
    name: names.namespace
    location: location
    tags: allTags
    capacity: throughputUnits
    sessionsPerName: sessionsPerName
    sessionExpiryInHours: sessionExpiryInHours
    topicSpaces: topicSpaces
    certificateClients: !empty(caCertificate)
    privateNetwork: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module bridgeRoles 'modules/topic-space-roles.bicep' = [
  for principalId in bridgePrincipalIds: {
    scope: group
    params: {
      namespaceName: namespace.outputs.name
      topicSpaceNames: topicSpaceNames
      principalId: principalId
      mayPublish: bridgesPublish
      maySubscribe: bridgesSubscribe
    }
  }
]

module certificateClients 'modules/certificate-clients.bicep' = if (!empty(caCertificate)) {
  scope: group
  params: {
    namespaceName: namespace.outputs.name
    topicSpaceNames: topicSpaceNames
    caCertificate: caCertificate
    clientQuery: certificateClientQuery
  }
}

module alertTopic 'modules/alert-topic.bicep' = {
  scope: group
  params: {
    name: names.alertTopic
    location: location
    tags: allTags
    privateNetwork: privateNetwork
    senderPrincipalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/key-vault.bicep' = if (keyVault) {
  scope: group
  params: {
    name: names.keyVault
    location: location
    tags: allTags
    readerPrincipalIds: keyVaultReaderPrincipalIds
    privateNetwork: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module plan 'modules/function-plan.bicep' = {
  scope: group
  params: {
    name: names.plan
    location: location
    tags: allTags
  }
}

module functionApp 'modules/function-app.bicep' = {
  scope: group
  params: {
    planId: plan.outputs.id
    name: names.functionApp
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageEndpoints: storage.outputs.endpoints
    packageContainerUrl: storage.outputs.packageContainerUrl
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    settings: settings
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    privateNetwork: privateNetwork
    subnetId: network.?outputs.controlPlaneSubnetId ?? ''
    workspaceId: monitoring.outputs.workspaceId
  }
}

module authentication 'modules/entra-authentication.bicep' = if (appServiceAuthentication != 'off') {
  scope: group
  params: {
    functionAppName: functionApp.outputs.name
    tenantId: tenant().tenantId
    clientId: entraClientId
    audience: entraAudience
    required: appServiceAuthentication == 'required'
  }
}

module sessionEvents 'modules/session-events.bicep' = if (functionsDeployed) {
  scope: group
  params: {
    name: names.systemTopic
    location: location
    tags: allTags
    namespaceId: namespace.outputs.id
    functionAppId: functionApp.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetwork) {
  scope: group
  params: {
    namePrefix: 'pe-${namePrefix}-${token}'
    location: location
    tags: allTags
    targetIds: {
      storage: storage.outputs.id
      functionApp: functionApp.outputs.id
      alertTopic: alertTopic.outputs.id
      namespace: namespace.outputs.id
      keyVault: vault.?outputs.id ?? ''
    }
    keyVault: keyVault
    networkId: network.?outputs.id ?? ''
    subnetId: network.?outputs.endpointsSubnetId ?? ''
  }
}

module edgeIdentities 'modules/edge-identity.bicep' = [
  for cluster in arcClusters: if (!empty(cluster.?oidcIssuer)) {
    scope: group
    params: {
      name: 'id-${namePrefix}-${cluster.site}-${token}'
      location: location
      tags: allTags
      issuer: cluster.oidcIssuer
      namespace: kubernetesNamespace
      serviceAccount: serviceAccount
    }
  }
]

module edgeRoles 'modules/topic-space-roles.bicep' = [
  for (cluster, index) in arcClusters: if (!empty(cluster.?oidcIssuer)) {
    scope: group
    params: {
      namespaceName: namespace.outputs.name
      topicSpaceNames: topicSpaceNames
      principalId: edgeIdentities[index].?outputs.principalId ?? ''
      mayPublish: bridgesPublish
      maySubscribe: bridgesSubscribe
    }
  }
]

module edge 'modules/edge.bicep' = [
  for (cluster, index) in arcClusters: {
    scope: resourceGroup(cluster.resourceGroup)
    params: {
      clusterName: cluster.name
      installFlux: installFlux
      repositoryUrl: repositoryUrl
      repositoryTag: repositoryTag
      kustomizePath: kustomizePath
      namespace: kubernetesNamespace
      substitutions: {
        MQTTBRIDGE_AUDIENCE: entraAudience
        MQTTBRIDGE_CLIENT_ID: edgeIdentities[index].?outputs.clientId ?? ''
        MQTTBRIDGE_CONTROL_PLANE: functionApp.outputs.url
        MQTTBRIDGE_IMAGE: image
        MQTTBRIDGE_MQTT_HOST: namespace.outputs.mqttHost
        MQTTBRIDGE_NAMESPACE: kubernetesNamespace
        MQTTBRIDGE_SERVICE_ACCOUNT: serviceAccount
        MQTTBRIDGE_SITE: cluster.site
      }
    }
  }
]

@description('Resource group of everything but the clusters.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output MQTTBRIDGE_FUNCTION_APP string = functionApp.outputs.name

@description('Where the control plane is.')
output MQTTBRIDGE_SERVER string = functionApp.outputs.url

@description('Host of the MQTT broker, for spec.remoteBrokerConnection.endpoint with :8883 behind it.')
output MQTTBRIDGE_MQTT_HOST string = namespace.outputs.mqttHost

@description('Resource ID of the namespace, for mqttbridge check --namespace-id.')
output MQTTBRIDGE_NAMESPACE_ID string = namespace.outputs.id

@description('Sessions that each identity may have at the namespace.')
output MQTTBRIDGE_SESSIONS int = sessionsPerName

@description('Shows the principal of a bridge at a site that is not in bridgePrincipalIds yet.')
output showPrincipalCommand string = 'az k8s-extension show --resource-group CLUSTER_GROUP --cluster-name CLUSTER --cluster-type connectedClusters --name EXTENSION --query identity.principalId --output tsv'

@description('Permit one more bridge to publish and subscribe, without a deployment.')
output assignRoleCommands array = flatten(map(
  namespace.outputs.topicSpaceIds,
  space => [
    'az role assignment create --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --role "EventGrid TopicSpaces Publisher" --scope ${space}'
    'az role assignment create --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --role "EventGrid TopicSpaces Subscriber" --scope ${space}'
  ]
))

@description('Deploy the app, by whichever tool there is.')
output deployCommands array = [
  'az functionapp deployment source config-zip --resource-group ${group.name} --name ${functionApp.outputs.name} --src app.zip'
  'func azure functionapp publish ${functionApp.outputs.name}'
]

@description('Runs an agent at a site.')
output agentCommand string = 'mqttbridge run --control-plane ${functionApp.outputs.url} --site SITE --connector CONNECTOR ${empty(entraAudience) ? '--control-plane-key-file agent.key' : '--control-plane-audience ${entraAudience}'}'
