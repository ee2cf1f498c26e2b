import { describe, expect, test } from 'vitest';
import { identityOf } from '../../../cli/identity.ts';

const federated = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_FEDERATED_TOKEN_FILE: '/token' };

describe('who the process is to Azure', () => {
  test('comes from the identity sidecar, unless an option says otherwise', () => {
    expect(identityOf({}, { EXTENSION_ARMID: '/ext' }).extensionResourceId).toBe('/ext');
    expect(identityOf({ extensionResourceId: '/own' }, { EXTENSION_ARMID: '/ext' }).extensionResourceId).toBe('/own');
    expect(identityOf({}, { EXTENSION_ARMID: '' }).extensionResourceId).toBeUndefined();
  });

  test('includes where key vaults are, when that is not the public cloud', () => {
    const url = 'https://{name}.vault.azure.cn';
    expect(identityOf({ keyVaultUrl: url }, {}).vaults).toEqual({ url });
    expect(identityOf({}, {}).vaults?.url).toBeUndefined();
  });

  test('is a federated identity where all of its variables are set', () => {
    expect(identityOf({}, federated).federation).toEqual({
      tenantId: 'tenant',
      clientId: 'client',
      tokenFilePath: '/token',
    });
    for (const name of Object.keys(federated))
      expect(identityOf({}, { ...federated, [name]: '' }).federation).toBeUndefined();
  });
});
