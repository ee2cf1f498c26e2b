import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { createDirectory } from '../../../../local/emulator/authentication/directory.ts';
import { createEventGridEmulator, type EventGridOptions } from '../../../../local/emulator/emulator.ts';
import { instanceMetadata } from '../../../../local/identity/imds.ts';
import { createTokenIssuer, type IssuerOptions } from '../../../../local/identity/issuer.ts';
import { startIdentityServer } from '../../../../local/identity/server.ts';
import { type Authority, type CertificateRequest, createAuthority } from '../../../support/certificates.ts';
import { mount } from '../../../support/mounted.ts';
import type { Scope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { startEmbedded } from '../../../support/test-broker.ts';

/** Audience of Event Grid's tokens. */
export const AUDIENCE = 'https://eventgrid.azure.net';

/** How the service under test differs from one where all is well. */
export interface ServiceOptions extends Pick<EventGridOptions, 'settings' | 'permissions' | 'wallClock'> {
  readonly issuer?: IssuerOptions;
  readonly certificate?: CertificateRequest;
  /** Of the connector. */
  readonly audience?: string;
  /** Authority that the bridge trusts, when it is not that of the server. */
  readonly trusted?: Authority;
}

/** Event Grid's emulator over TLS with an identity endpoint, a local broker, and the two sides of a connector for them. */
export async function startService(scope: Scope, options: ServiceOptions = {}) {
  const { settings = {}, permissions, wallClock = Date.now, audience = AUDIENCE } = options;
  const issuer = await createTokenIssuer({ lifetimeSeconds: 3_600, ...options.issuer });
  const identity = await startIdentityServer({ issuer, endpoints: [instanceMetadata] });
  const authority = await createAuthority();
  const { chain: cert, key } = await authority.issue({ purpose: 'server', ...options.certificate });
  const entra = { issuer: issuer.issuer, audiences: [AUDIENCE], keys: { jwks: issuer.jwks as never } };
  const emulator = createEventGridEmulator({
    settings,
    authenticator: createDirectory({ entra }, wallClock),
    wallClock,
    ...(permissions && { permissions }),
  });
  scope.onTestFinished(async () => {
    await Promise.all([identity.close(), emulator.close()]);
  });
  const { port } = await emulator.listen({ tls: { cert, key } });
  const dir = await createTempDir(scope, 'mounts');
  await mount(dir, 'ca', { 'ca.crt': (options.trusted ?? authority).certificate });
  const bundle = join(dir, 'bundle.pem');
  await writeFile(bundle, authority.certificate);
  return {
    authority,
    emulator,
    identity,
    issuer,
    /** Takes one of the identity's client sessions, as a bridge that runs does. */
    occupy: async (clientId: string): Promise<void> => {
      const { token } = await issuer.issue(AUDIENCE);
      const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, {
        clientId,
        protocolVersion: 5,
        ca: authority.certificate,
        properties: { authenticationMethod: 'OAUTH2-JWT', authenticationData: Buffer.from(token) },
      });
      scope.onTestFinished(() => client.endAsync(true));
    },
    config: {
      local: (await startEmbedded(scope)).port,
      remote: {
        port,
        endpoint: `localhost:${port}`,
        profile: 'eventgrid' as const,
        tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' },
        authentication: { systemAssignedManagedIdentity: { audience } },
      },
    },
    setting: {
      args: ['--configmaps-dir', dir],
      env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: identity.url, NODE_EXTRA_CA_CERTS: bundle },
    },
  };
}
