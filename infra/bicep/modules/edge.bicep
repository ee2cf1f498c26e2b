metadata description = 'Installs the bridge on an Arc-enabled cluster by GitOps: Flux applies a Kustomize overlay of a Git repository, and keeps it applied.'

@description('Name of the Arc-enabled cluster, in the resource group of this module.')
@minLength(1)
@maxLength(63)
param clusterName string

@description('Whether to install the extension microsoft.flux; false where the cluster has it.')
param installFlux bool

@description('Git repository with the overlay.')
@minLength(12)
param repositoryUrl string

@description('Tag of the repository to apply: a release, so that what runs changes when somebody wants it to.')
@minLength(1)
param repositoryTag string

@description('Folder of the overlay in the repository.')
@minLength(1)
param kustomizePath string

@description('Kubernetes namespace of the Flux objects.')
@minLength(1)
@maxLength(63)
param namespace string

@description('Values that the overlay takes, by the names of its variables.')
param substitutions object

resource cluster 'Microsoft.Kubernetes/connectedClusters@2024-01-01' existing = {
  name: clusterName
}

resource flux 'Microsoft.KubernetesConfiguration/extensions@2023-05-01' = if (installFlux) {
  name: 'flux'
  scope: cluster
  properties: {
    extensionType: 'microsoft.flux'
    autoUpgradeMinorVersion: true
  }
}

resource bridge 'Microsoft.KubernetesConfiguration/fluxConfigurations@2025-04-01' = {
  name: 'mqttbridge'
  scope: cluster
  properties: {
    // Custom resource definitions and the operator's roles belong to the whole cluster.
    scope: 'cluster'
    namespace: namespace
    sourceKind: 'GitRepository'
    gitRepository: {
      url: repositoryUrl
      repositoryRef: { tag: repositoryTag }
      syncIntervalInSeconds: 600
      timeoutInSeconds: 180
    }
    kustomizations: {
      mqttbridge: {
        path: './${kustomizePath}'
        prune: true
        wait: true
        syncIntervalInSeconds: 600
        retryIntervalInSeconds: 60
        timeoutInSeconds: 300
        postBuild: { substitute: substitutions }
      }
    }
  }
  dependsOn: [flux]
}

@description('Name of the Flux configuration.')
output name string = bridge.name
