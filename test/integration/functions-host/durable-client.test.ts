import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ManagementAddress } from '../../../local/functions-host/ports.ts';
import { startEngine } from '../../support/durable-engine.ts';

const PATH = '/runtime/webhooks/durabletask';

df.app.activity('echo', { handler: (value: unknown) => value });
df.app.orchestration('echoing', function* (context) {
  const value: unknown = yield context.df.callActivity('echo', context.df.getInput());
  return value;
});
df.app.orchestration('listening', function* (context) {
  context.df.setCustomStatus('listening');
  const value: unknown = yield context.df.waitForExternalEvent('go');
  return value;
});
df.app.entity('Counter', (context: df.EntityContext<number>) => {
  context.df.setState((context.df.getState(() => 0) ?? 0) + (context.df.getInput<number>() ?? 0));
});

const { engine, settled } = startEngine();
const address: { baseUrl: string; systemKey: string } = { baseUrl: '', systemKey: 'secret' };
const keys = new Set<string | null>();
const server = createServer((request, response) => {
  void (async () => {
    const url = new URL(request.url ?? '', 'http://host');
    keys.add(url.searchParams.get('code'));
    const { status, headers, body } = await engine.manage(
      {
        method: request.method ?? '',
        path: url.pathname.slice(PATH.length),
        query: url.searchParams,
        headers: new Headers(request.headers as Record<string, string>),
        body: await text(request),
      },
      address,
    );
    response.writeHead(status, headers).end(body);
  })();
});
let client: df.DurableClient;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  address.baseUrl = `http://${authority}${PATH}`;
  vi.stubEnv('WEBSITE_HOSTNAME', authority);
  client = clientOf(address);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await engine.stop();
});

/** The client that a function gets whose input is the engine's binding. */
function clientOf(at: ManagementAddress): df.DurableClient {
  const input = df.input.durableClient();
  const context = {
    options: { extraInputs: [input] },
    extraInputs: { get: () => JSON.parse(engine.clientBinding(at)) as unknown },
  };
  return df.getClient(context as unknown as InvocationContext);
}

describe("the SDK's client", () => {
  test('starts an instance and reads what it came to', async () => {
    const id = await client.startNew('echoing', { instanceId: 'client:1', input: { some: 'input' } });
    await settled();
    const status = await client.getStatus(id, { showHistory: true, showHistoryOutput: true, showInput: true });
    expect(status).toMatchObject({
      instanceId: 'client:1',
      runtimeStatus: 'Completed',
      input: { some: 'input' },
      output: { some: 'input' },
    });
  });

  test('is told that an instance is there already or that there is none', async () => {
    await client.startNew('listening', { instanceId: 'twice' });
    await expect(client.startNew('listening', { instanceId: 'twice' })).rejects.toThrow('409');
    await expect(client.getStatus('nobody')).rejects.toThrow('404');
    await expect(client.raiseEvent('nobody', 'go', {})).rejects.toThrow('nobody');
    await expect(client.startNew('nobody')).rejects.toThrow('nobody');
  });

  test('raises events, suspends, resumes and terminates', async () => {
    const id = await client.startNew('listening');
    await settled();
    await client.suspend(id, 'a while');
    await settled();
    expect((await client.getStatus(id)).runtimeStatus).toBe('Suspended');
    await client.raiseEvent(id, 'go', { at: 'last' });
    await client.resume(id, 'enough');
    await settled();
    expect(await client.getStatus(id)).toMatchObject({ output: { at: 'last' }, customStatus: 'listening' });
    await client.terminate(id, 'too late');
    const other = await client.startNew('listening');
    await client.terminate(other, 'enough');
    await settled();
    expect(await client.getStatus(other)).toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
    await expect(client.rewind(other, 'again')).rejects.toThrow('does not rewind');
  });

  test('lists and purges', async () => {
    const from = new Date(0);
    await client.startNew('echoing', { instanceId: 'purged', input: 1 });
    await settled();
    const completed = [df.OrchestrationRuntimeStatus.Completed];
    const found = await client.getStatusBy({ createdTimeFrom: from, runtimeStatus: completed });
    expect(found.map(({ instanceId }) => instanceId)).toContain('purged');
    expect((await client.getStatusAll()).length).toBeGreaterThan(found.length);
    expect(await client.purgeInstanceHistory('purged')).toEqual({ instancesDeleted: 1 });
    expect(await client.purgeInstanceHistory('purged')).toEqual({ instancesDeleted: 0 });
    const purged = await client.purgeInstanceHistoryBy({ createdTimeFrom: from, runtimeStatus: completed });
    expect(purged.instancesDeleted).toBe(found.length - 1);
  });

  test('signals entities and reads them', async () => {
    const id = new df.EntityId('Counter', 'of the client');
    expect(await client.readEntityState(id)).toMatchObject({ entityExists: false });
    await client.signalEntity(id, 'add', 2);
    await client.signalEntity(id, 'add', 3);
    await settled();
    expect(await client.readEntityState(id)).toEqual({ entityExists: true, entityState: 5 });
  });

  test('waits for an end', async () => {
    const id = await client.startNew('echoing', { input: 'quick' });
    await settled();
    const request = { url: `${address.baseUrl}/start` } as Parameters<
      typeof client.waitForCompletionOrCreateCheckStatusResponse
    >[0];
    const response = await client.waitForCompletionOrCreateCheckStatusResponse(request, id);
    expect([response.status, await response.json()]).toEqual([200, 'quick']);
  });

  test('sends the key of the host with every request', () => {
    expect([...keys]).toEqual(['secret']);
  });
});
