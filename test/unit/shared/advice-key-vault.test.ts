import { describe, expect, test } from 'vitest';
import { adviceFor } from '../../../shared/advice.ts';
import { VAULT_FIXES, type VaultReason } from '../../../shared/advice/key-vault.ts';
import { sampleConnector } from './sample.ts';

const keyVault = {
  vault: { name: 'plant', directoryId: 't', credentials: { servicePrincipalLocalSecretName: 'sp' } },
  vaultCert: { name: 'edge' },
  vaultCaChainSecret: { name: 'chain' },
};
const connector = sampleConnector({
  remoteBrokerConnection: {
    endpoint: 'broker:8883',
    tls: { tlsEnabled: true },
    authentication: { x509: { keyVault } },
  },
});
const adviceOn = (reason: string, message: string) => adviceFor({ reason, message, side: 'remote' }, connector);

describe('advice for a certificate in a key vault', () => {
  test.each(Object.keys(VAULT_FIXES) as VaultReason[])('%s keeps the sentence and adds the command', (reason) => {
    const message = 'In key vault plant, edge is not good.';
    const fix = VAULT_FIXES[reason](keyVault, 'edge');
    expect(adviceOn(reason, message)).toEqual({ sentence: message, fix });
    expect(fix).toMatch(/^az [a-z]/);
  });

  test.each([
    ['VaultItemDisabled', 'az keyvault secret set-attributes --vault-name plant --name chain --enabled true'],
    ['CertificateInvalid', 'az keyvault secret set --vault-name plant --name chain --file chain.pem'],
  ])('%s of the chain is about its secret', (reason, fix) => {
    expect(adviceOn(reason, 'In key vault plant, chain is not good.').fix).toBe(fix);
  });

  test.each(['FileMissing', 'SecretKeyMissing', 'SecretInvalid'])('%s is about the service principal', (reason) => {
    const { fix } = adviceOn(reason, 'The Secret is not good.');
    expect(fix).toContain('kubectl create secret generic sp');
    expect(fix).toContain('--from-file=clientid --from-file=clientsecret');
  });
});
