import { expect, test } from 'vitest';
import type { MountedFiles } from '../../../agent/config/mounted-files.ts';
import { createLogger } from '../../../agent/observe/logger.ts';
import type { VaultReader } from '../../../agent/session/credentials/vault/vault-reader.ts';
import { createSideCredentials } from '../../../agent/side-credentials.ts';
import { createManualClock } from '../../integration/broker/support/manual-clock.ts';
import { createAuthority } from '../../support/certificates.ts';
import { sampleConnector } from '../shared/sample.ts';
import { advanceBy } from './credentials/fake-identity.ts';

const MINUTE = 60_000;
const { chain, key } = await (await createAuthority()).issue();

/** A connector that takes the certificate of this name from the vault `plant`. */
function connector(certificate: string, topicPrefix = 'a') {
  const vault = { name: 'plant', directoryId: 't', credentials: { servicePrincipalLocalSecretName: 'principal' } };
  return sampleConnector({
    clientIdPrefix: topicPrefix,
    remoteBrokerConnection: {
      endpoint: 'broker:8883',
      tls: { tlsEnabled: true },
      authentication: { x509: { keyVault: { vault, vaultCert: { name: certificate } } } },
    },
  });
}

test('a side that gets other settings asks the vault for the former certificate no more', async () => {
  const principal = new Map(['clientid', 'clientsecret'].map((name) => [name, Buffer.from(name)]));
  const clock = createManualClock();
  clock.advance(Date.now());
  const asked: string[] = [];
  const reader: VaultReader = {
    async newestVersion(name) {
      asked.push(name);
      return 'v1';
    },
    secret: async () => ({ value: key + chain, contentType: undefined, version: 'v1' }),
  };
  const parts = {
    files: { readSecret: async () => principal } as unknown as MountedFiles,
    logger: createLogger({
      level: 'error',
      destination: { write: () => undefined },
      now: () => 0,
      wallClock: () => new Date(0),
    }),
    random: () => 0.5,
    identity: { clock, vaults: { open: async () => reader } },
  };
  const first = createSideCredentials(connector('one'), parts);
  await first.remote.load();
  expect(asked).toEqual(['one']);
  expect(createSideCredentials(connector('one', 'b'), parts, first).remote).toBe(first.remote);

  const second = createSideCredentials(connector('two'), parts, first);
  await second.remote.load();
  expect(asked.splice(0)).toEqual(['one', 'two']);
  await advanceBy(clock, 20 * MINUTE);
  expect(asked).toEqual(['two']);
  second.remote.close();
});
