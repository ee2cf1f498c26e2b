using './main.bicep'

// Values come from azd, or from variables of these names. What is not here has its default in main.bicep.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'mqttbridge')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param bridgePrincipalIds = json(readEnvironmentVariable('MQTTBRIDGE_PRINCIPAL_IDS', '[]'))
param bridgeInstances = int(readEnvironmentVariable('MQTTBRIDGE_INSTANCES', '1'))
param entraAudience = readEnvironmentVariable('MQTTBRIDGE_AUDIENCE', '')
param privateNetwork = bool(readEnvironmentVariable('MQTTBRIDGE_PRIVATE_NETWORK', 'false'))
param arcClusters = json(readEnvironmentVariable('MQTTBRIDGE_ARC_CLUSTERS', '[]'))
param repositoryUrl = readEnvironmentVariable('MQTTBRIDGE_REPOSITORY_URL', '')
param functionsDeployed = bool(readEnvironmentVariable('MQTTBRIDGE_FUNCTIONS_DEPLOYED', 'false'))
