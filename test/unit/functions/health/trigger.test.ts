import { OrchestrationRuntimeStatus as Status } from 'durable-functions';
import { expect, it } from 'vitest';
import { healSites } from '../../../../functions/durable/heal.ts';
import { createHealthTrigger, type HealthClient } from '../../../../functions/durable/trigger.ts';

/** A durable client over a map of instances that, like the host, takes its time and starts no instance that runs. */
function fakeHub(states: Record<string, Status> = {}) {
  const instances = new Map(Object.entries(states));
  const started: string[] = [];
  const hinted: string[] = [];
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve));
  const client = {
    getStatus: async (id: string) => {
      await pause();
      const runtimeStatus = instances.get(id);
      if (runtimeStatus === undefined) throw new Error('404');
      return { runtimeStatus };
    },
    startNew: async (_name: string, { instanceId = '' } = {}) => {
      await pause();
      if (instances.get(instanceId) === Status.Running) throw new Error('409');
      instances.set(instanceId, Status.Running);
      started.push(instanceId);
      return instanceId;
    },
    raiseEvent: async (id: string, name: string) => void hinted.push(`${id} ${name}`),
  };
  return { client: client as unknown as HealthClient, started, hinted };
}

it('starts one orchestration for twenty first reports at once', async () => {
  const { client, started } = fakeHub();
  await Promise.all(Array.from({ length: 20 }, () => createHealthTrigger(client).ensure('plant')));
  expect(started).toEqual(['health-plant']);
});

it.each([Status.Failed, Status.Terminated, Status.Completed])('starts one anew that is %s', async (status) => {
  const { client, started } = fakeHub({ 'health-plant': status });
  await createHealthTrigger(client).ensure('plant');
  expect(started).toEqual(['health-plant']);
});

it.each([Status.Running, Status.Pending, Status.Suspended, Status.ContinuedAsNew])(
  'leaves one alone that is %s',
  async (status) => {
    const { client, started } = fakeHub({ 'health-plant': status });
    await createHealthTrigger(client).ensure('plant');
    expect(started).toEqual([]);
  },
);

it('says so when an orchestration can neither be found nor started', async () => {
  const { client } = fakeHub();
  const broken = { ...client, startNew: () => Promise.reject(new Error('500')) };
  await expect(createHealthTrigger(broken).ensure('plant')).rejects.toThrow('500');
});

it('wakes the orchestration of a site', async () => {
  const { client, hinted } = fakeHub();
  await createHealthTrigger(client).hint('plant');
  expect(hinted).toEqual(['health-plant hint']);
});

it('heals every site, also when one of them cannot be started', async () => {
  const { client, started } = fakeHub({ 'health-s3': Status.Failed, 'health-s4': Status.Running });
  const sites = Array.from({ length: 25 }, (_, number) => `s${number}`);
  const listSites = async ({ limit, continue: from = '0' }: { limit: number; continue?: string }) => {
    const end = Number(from) + Math.min(limit, 7);
    return { items: sites.slice(Number(from), end), ...(end < sites.length && { continue: String(end) }) };
  };
  const broken: HealthClient = {
    getStatus: (id) => client.getStatus(id),
    raiseEvent: (...given) => client.raiseEvent(...given),
    startNew: async (name, options) => {
      if (options?.instanceId === 'health-s1') throw new Error('500');
      return client.startNew(name, options);
    },
  };
  const log: unknown[] = [];
  await healSites({ listSites }, broken, (event, fields) => void log.push([event, fields['site']]));
  expect(started).toHaveLength(23);
  expect(log).toEqual([['HealthStartFailed', 's1']]);
});
