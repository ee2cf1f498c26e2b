import fs from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { createDirectory } from '../../local/emulator/authentication/directory.ts';
import { openDoor } from '../../local/emulator/authentication/open-door.ts';
import { createEventGridEmulator } from '../../local/emulator/emulator.ts';
import type { Endpoint } from '../../local/identity/endpoint.ts';
import { instanceMetadata } from '../../local/identity/imds.ts';
import { createTokenIssuer } from '../../local/identity/issuer.ts';
import { startIdentityServer } from '../../local/identity/server.ts';
import { resources } from '../contenders/ours.ts';
import type { BridgeTask, Lab } from '../contenders/contender.ts';
import type { Running } from '../processes/pool.ts';
import type { Renewal } from './delays.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const command = new URL('../../cli/main.ts', import.meta.url).pathname;
/** The bridge is to be seen, not the service's quotas. */
const WITHOUT_QUOTAS = {
  inboundMessagesPerSecond: 1e6,
  inboundBytesPerSecond: 1e9,
  outboundMessagesPerSecond: 1e6,
  outboundBytesPerSecond: 1e9,
  maximumInboundInflightBytes: 1e9,
  maximumInflightMessages: 60_000,
  maximumInflightBytes: 1e9,
  maximumQueuedMessages: 1e6,
  maximumQueuedBytes: 1e9,
};

/** An emulator whose tokens live for seconds, and the identity endpoint that gives them out. */
export interface Stage {
  readonly port: number;
  /** Ended renewals, oldest first. */
  readonly renewals: readonly Renewal[];
  /** Starts `mqttbridge run` towards the emulator, with a managed identity. */
  start(lab: Lab, task: BridgeTask): Running;
  close(): Promise<void>;
}

/** Opens an emulator and an identity endpoint in this process. */
export async function openStage(lifetimeSeconds: number): Promise<Stage> {
  const issuer = await createTokenIssuer({ lifetimeSeconds });
  const renewals: Renewal[] = [];
  let from = 0;
  const timed: Endpoint = (request, issue) => {
    from = performance.now();
    return instanceMetadata(request, issue);
  };
  const identity = await startIdentityServer({ issuer, endpoints: [timed] });
  const directory = createDirectory(
    { entra: { issuer: issuer.issuer, audiences: [AUDIENCE], keys: { jwks: issuer.jwks } } },
    Date.now,
  );
  const emulator = createEventGridEmulator({
    settings: WITHOUT_QUOTAS,
    async authenticator(attempt) {
      if (attempt.method === undefined) return openDoor(attempt);
      const found = await directory(attempt);
      renewals.push({ from, to: performance.now() });
      return found;
    },
  });
  const { port } = await emulator.listen();
  return {
    port,
    renewals,
    start: (lab, task) => startAgent(lab, task, identity.url),
    async close() {
      await emulator.close();
      await identity.close();
    },
  };
}

function startAgent(lab: Lab, task: BridgeTask, identityUrl: string): Running {
  const folder = fs.mkdtempSync(path.join(lab.folder, 'renewal-'));
  const authentication = { systemAssignedManagedIdentity: { audience: AUDIENCE } };
  const text = resources(task, { authentication }).map((resource) => stringify(resource));
  fs.writeFileSync(path.join(folder, 'bridge.yaml'), text.join('---\n'));
  const args = [...lab.nodeOptions, command, 'run', '-f', folder, '--http', '127.0.0.1:0'];
  return lab.pool.spawn(lab.node, args, { AZURE_POD_IDENTITY_AUTHORITY_HOST: identityUrl });
}
