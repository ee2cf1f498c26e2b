import { expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../../../support/bridge-config.ts';
import { type FakeArmOptions, startFakeArm } from './fake-arm.ts';
import { check } from './run-check.ts';
import { startService } from './service.ts';

const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';
const ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.EventGrid/namespaces/ns`;
const LIST = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.EventGrid/namespaces`;
const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];

function namespace(sessions: number, state = 'Enabled', hostname = 'localhost'): object {
  const settings = { state, hostname, maximumClientSessionsPerAuthenticationName: sessions };
  return { id: ID, name: 'ns', properties: { topicSpacesConfiguration: settings } };
}

/** A check with two instances, whose identity may ask this Azure Resource Manager. */
async function ask(scope: TestContext, options: Omit<FakeArmOptions, 'tls'>, ...args: string[]) {
  const { authority, config, setting } = await startService(scope);
  const { chain: cert, key } = await authority.issue({ purpose: 'server' });
  const arm = await startFakeArm(scope, { tls: { cert, key }, ...options });
  const more = ['--management-endpoint', arm.url, ...args];
  const spec = { bridgeInstances: 2 };
  const checked = await check({ ...config, routes: ROUTES, spec }, { ...setting, args: [...setting.args, ...more] });
  return { ...checked, arm };
}

test('a namespace that allows what the bridge needs', async (scope) => {
  const { code, of, arm } = await ask(scope, { resources: { [ID]: namespace(5) } }, '--namespace-id', ID);
  expect(code).toBe(0);
  expect(of('sessions')).toMatchObject([{ status: 'ok', details: { needed: 2, allowed: 5 } }]);
  expect(of('namespace')).toMatchObject([{ status: 'ok' }]);
  expect(of('instances')).toMatchObject([{ status: 'ok', details: { topic: 'mqttbridge/bridge/instances/+' } }]);
  expect(arm.requests).toEqual([`${ID}?api-version=2025-02-15`]);
});

test('one that allows too few sessions: the command with its ID', async (scope) => {
  const { code, of } = await ask(scope, { resources: { [ID]: namespace(1) } }, '--namespace-id', ID);
  expect(code).toBe(1);
  const command = `az eventgrid namespace update --ids ${ID} --topic-spaces-configuration "{maximumClientSessionsPerAuthenticationName:2}"`;
  expect(of('sessions')).toMatchObject([
    { status: 'error', reason: 'QuotaExceeded', advice: expect.stringContaining(command) as string },
  ]);
});

test('one whose MQTT broker is off', async (scope) => {
  const { code, of } = await ask(scope, { resources: { [ID]: namespace(5, 'Disabled') } }, '--namespace-id', ID);
  expect(code).toBe(1);
  expect(of('namespace')).toMatchObject([{ status: 'error', reason: 'MqttDisabled' }]);
});

test('is found in a subscription by its host, over several pages', async (scope) => {
  const next = `${LIST}/more`;
  const resources = {
    [LIST]: { value: [namespace(9, 'Enabled', 'other')], nextLink: next },
    [next]: { value: [namespace(2)] },
  };
  const { of } = await ask(scope, { resources }, '--subscription', SUBSCRIPTION);
  expect(of('sessions')).toMatchObject([{ status: 'ok', details: { allowed: 2 } }]);
});

test('a page elsewhere is not asked for: it would get the token', async (scope) => {
  const elsewhere = { [LIST]: { value: [], nextLink: 'https://elsewhere.example/page' } };
  const lured = await ask(scope, { resources: elsewhere }, '--subscription', SUBSCRIPTION);
  expect(lured.of('namespace')).toMatchObject([{ status: 'warning', reason: 'NamespaceUnreadable' }]);
  expect(lured.of('sessions')).toMatchObject([{ status: 'warning' }]);
});

test('that may not be read: a warning with the role that is missing', async (scope) => {
  const forbidden = await ask(scope, { resources: {}, status: 403 }, '--namespace-id', ID);
  expect(forbidden.code).toBe(0);
  expect(forbidden.of('namespace')).toMatchObject([
    {
      status: 'warning',
      reason: 'NamespaceUnreadable',
      advice: expect.stringContaining(`az role assignment create --role Reader`) as string,
    },
  ]);
  expect(forbidden.of('sessions')).toMatchObject([
    { status: 'warning', reason: 'QuotaExceeded', details: { needed: 2 } },
  ]);
});

test('that is not there: a warning with the command that lists those that are', async (scope) => {
  const { of } = await ask(scope, { resources: {} }, '--namespace-id', ID);
  expect(of('namespace')[0]).toMatchObject({ message: expect.stringContaining('404') as string });
});

test('shows the time by which this machine is wrong', async (scope) => {
  const options = { resources: { [ID]: namespace(5) }, aheadSeconds: 900 };
  const { of } = await ask(scope, options, '--namespace-id', ID);
  expect(of('clock')).toMatchObject([
    {
      status: 'warning',
      reason: 'ClockSkew',
      message: expect.stringMatching(/\d+ seconds behind that of Azure Resource Manager/) as string,
    },
  ]);
});
