import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../functions/wiring/settings.ts';
import { planConnector } from '../../../shared/plan/plan.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { evaluate, type Arguments } from '../../support/bicep/evaluate.ts';
import { type Expression, textOf } from '../../support/bicep/expression.ts';
import { argumentOf, declared, decoratorOf, type Template } from '../../support/bicep/template.ts';
import { bodyOf, propertyOf, walk } from '../../support/bicep/walk.ts';
import { sampleConnector, sampleMap } from '../../unit/shared/sample.ts';
import { readRepositoryFile, sources, template } from './templates.ts';

const main = template('main.bicep');
const allOf = ({ declarations }: Template): Expression[] => declarations.flatMap(({ value }) => [...walk(value)]);
const textsOf = (source: Template): string[] => allOf(source).flatMap((one) => textOf(one) ?? []);

function resource(path: string, name: string): Expression {
  const found = declared(template(path), 'resource').find((one) => one.name === name);
  return propertyOf(bodyOf(found?.value), 'properties') ?? bodyOf(found?.value);
}

/** Azure's built-in roles that are assigned here, by the file that assigns them. */
const ROLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'modules/alert-topic.bicep': { 'd5a91429-5739-47e2-a06b-3470a27159e7': 'EventGrid Data Sender' },
  'modules/key-vault.bicep': { 'db79e9a7-68ee-4b58-9aeb-b90e7c24fcba': 'Key Vault Certificate User' },
  'modules/monitoring.bicep': { '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher' },
  'modules/storage.bicep': {
    'b7e6dc6d-f1c8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
    '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
    '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  },
  'modules/topic-space-roles.bicep': {
    'a12b0b94-b317-4dcd-84a8-502ce99884c6': 'EventGrid TopicSpaces Publisher',
    '4b0f2fd7-60b4-4eca-896f-4435034f8bf5': 'EventGrid TopicSpaces Subscriber',
  },
};

describe('rights', () => {
  const guid = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;

  test('no other roles are assigned than those needed, and each under its name', () => {
    const used = sources.flatMap((source) => {
      const roles = [...source.text.matchAll(guid)].map(([id]) => id);
      return roles.length === 0 ? [] : [[source.path, new Set(roles)] as const];
    });
    expect(used).toEqual(Object.entries(ROLES).map(([path, roles]) => [path, new Set(Object.keys(roles))]));
    for (const [path, roles] of Object.entries(ROLES)) {
      for (const [id, role] of Object.entries(roles)) {
        const name = role.replaceAll(' ', '').toLowerCase();
        const line =
          template(path)
            .text.split('\n')
            .find((one) => one.includes(id)) ?? '';
        expect(/(\w+)\s*[:=]/.exec(line)?.[1]?.toLowerCase()).toBe(name);
      }
    }
  });

  test('every role is assigned to one principal at one resource, not at a group or subscription', () => {
    for (const source of sources) {
      for (const one of declared(source, 'resource')) {
        if (one.reference?.startsWith('Microsoft.Authorization/') !== true) continue;
        const body = bodyOf(one.value);
        const scope = propertyOf(body, 'scope');
        const owner = scope?.kind === 'index' ? scope.of : scope;
        const owners = declared(source, 'resource').map(({ name }) => name);
        expect(owners).toContain(owner?.kind === 'name' ? owner.name : undefined);
        expect(textOf(propertyOf(body, 'properties', 'principalType'))).toBe('ServicePrincipal');
        const name = propertyOf(body, 'name');
        expect(name?.kind === 'call' ? [name.name, name.args.length >= 3] : []).toEqual(['guid', true]);
      }
    }
  });

  test('bridges have theirs at topic spaces', () => {
    const [publishers, subscribers] = ['publishers', 'subscribers'].map((name) => {
      const found = declared(template('modules/topic-space-roles.bicep'), 'resource').find((one) => one.name === name);
      return propertyOf(bodyOf(found?.value), 'scope');
    });
    const spaces = expect.objectContaining({ kind: 'index', of: expect.objectContaining({ name: 'spaces' }) });
    expect([publishers, subscribers]).toEqual([spaces, spaces]);
  });
});

describe('secrets', () => {
  const SUSPICIOUS = /secret|password|accountkey|sharedkey|connectionstring|sas(?:token|url)|^key$/i;
  /** Application Insights takes nothing from who has only this: local authentication is off. */
  const HARMLESS = ['applicationInsightsConnectionString', 'connectionString'];

  test('none is a parameter, unless it is marked as one', () => {
    const params = sources.flatMap((source) => declared(source, 'param'));
    const suspects = params.filter(
      (param) => SUSPICIOUS.test(param.name) && decoratorOf(param, 'secure') === undefined,
    );
    expect(suspects.map(({ name }) => name)).toEqual(HARMLESS.slice(0, 1));
  });

  test('none is an output', () => {
    const outputs = sources.flatMap((source) => declared(source, 'output'));
    expect(outputs.filter(({ name }) => SUSPICIOUS.test(name)).map(({ name }) => name)).toEqual(HARMLESS.slice(1));
    expect(declared(main, 'output').filter(({ name }) => HARMLESS.includes(name))).toEqual([]);
  });

  test('none is asked for', () => {
    const calls = sources.flatMap(allOf).flatMap((one) => (one.kind === 'call' ? [one.name] : []));
    expect(calls.filter((name) => /^list|getSecret/.test(name))).toEqual([]);
  });

  test('keys of services are off', () => {
    const account = resource('modules/storage.bicep', 'account');
    expect(propertyOf(account, 'allowSharedKeyAccess')).toEqual({ kind: 'literal', value: false });
    for (const [path, name, property] of [
      ['modules/alert-topic.bicep', 'topic', 'disableLocalAuth'],
      ['modules/monitoring.bicep', 'component', 'DisableLocalAuth'],
      ['modules/key-vault.bicep', 'vault', 'enableRbacAuthorization'],
      ['modules/key-vault.bicep', 'vault', 'enablePurgeProtection'],
    ] as const) {
      expect([name, propertyOf(resource(path, name), property)]).toEqual([name, { kind: 'literal', value: true }]);
    }
  });
});

describe('a private network', () => {
  test('closes everything that an endpoint leads to, but the app, where Event Grid may deliver', () => {
    const access = sources.flatMap((source) =>
      allOf(source).flatMap((one) => {
        const value = propertyOf(one, 'publicNetworkAccess');
        return value === undefined
          ? []
          : [[source.path, value.kind === 'operation' ? value.operands.map(textOf) : textOf(value)]];
      }),
    );
    const switched = [undefined, 'Disabled', 'Enabled'];
    expect(access).toEqual([
      ['modules/alert-topic.bicep', switched],
      ['modules/event-grid-namespace.bicep', switched],
      ['modules/function-app.bicep', 'Enabled'],
      ['modules/key-vault.bicep', switched],
      ['modules/storage.bicep', switched],
    ]);
    expect(textsOf(template('modules/function-app.bicep'))).toContain('AzureEventGrid');
  });
});

describe('names', () => {
  /** Azure's rules for resource names. */
  const RULES: Readonly<Record<string, RegExp>> = {
    alertTopic: /^[A-Za-z0-9-]{3,50}$/,
    applicationInsights: /^[\w().-]{1,255}(?<!\.)$/,
    functionApp: /^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$/,
    identity: /^[a-zA-Z0-9][\w-]{2,127}$/,
    keyVault: /^[a-zA-Z](?:[a-zA-Z0-9]|-(?!-)){1,22}[a-zA-Z0-9]$/,
    namespace: /^[A-Za-z0-9-]{3,50}$/,
    network: /^[a-zA-Z0-9][\w.-]{0,62}\w$/,
    plan: /^[a-zA-Z0-9-]{1,40}$/,
    storage: /^[a-z0-9]{3,24}$/,
    systemTopic: /^[A-Za-z0-9-]{3,50}$/,
    workspace: /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/,
  };

  test.for<[string, Arguments]>([
    ['with the defaults', {}],
    ['with the shortest prefix', { namePrefix: 'mq' }],
    ['with the longest prefix', { namePrefix: 'mqttbridge12' }],
  ])('follow the rules of Azure %s', ([, args]) => {
    const names = evaluate(main, 'names', { environmentName: 'plant', location: 'westeurope', ...args });
    expect(names).toEqual(
      Object.fromEntries(Object.entries(RULES).map(([name, rule]) => [name, expect.stringMatching(rule)])),
    );
  });

  test('of the resource group are never too long', () => {
    expect(evaluate(main, 'resourceGroupName', { environmentName: 'e'.repeat(64) })).toMatch(/^[\w().-]{1,90}$/);
  });

  test('of topic spaces, by default, are names that Event Grid takes', () => {
    const spaces = Object.keys(evaluate(main, 'topicSpaces') as object);
    expect(spaces).toEqual([expect.stringMatching(/^[A-Za-z0-9-]{3,50}$/)]);
  });
});

describe('sessions of an identity', () => {
  const managed: Partial<ConnectorInput['spec']> = {
    remoteBrokerConnection: {
      endpoint: 'x.y-1.ts.eventgrid.azure.net:8883',
      tls: { tlsEnabled: true },
      authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
    },
  };
  const routes: RouteInput[] = Array.from({ length: 6 }, (_, index) => ({
    direction: 'local-to-remote',
    name: `r${index}`,
    source: `r${index}`,
  }));

  test.for<[string, Partial<ConnectorInput['spec']>, Arguments]>([
    ['perInstance', { bridgeInstances: 3 }, { bridgeInstances: 3 }],
    ['perRoute', { bridgeInstances: 3, remoteSessions: 'perRoute' }, { remoteSessions: 'perRoute', routeClients: 6 }],
  ])('%s are as many as the bridge plans, and one for check', ([, spec, args]) => {
    const connector = sampleConnector({ ...managed, ...spec });
    const plan = planConnector({ connector, topicMaps: [sampleMap(routes)] }, { extensionResourceId: '/x' });
    const planned = plan.sessions.filter(({ side }) => side === 'remote').length;
    expect(evaluate(main, 'sessionsPerName', args)).toBe(planned + 1);
  });

  test('are never more than Event Grid allows', () => {
    expect(evaluate(main, 'sessionsPerName', { bridgeInstances: 99, sessionsPerInstance: 9 })).toBe(100);
  });
});

describe('the function app', () => {
  const app = template('modules/function-app.bicep');
  const settingNames = [main, app].flatMap((source) =>
    allOf(source).flatMap((one) =>
      one.kind === 'object'
        ? one.properties.flatMap(({ name = '' }) =>
            /^[A-Z]\w*[A-Z_]{2}/.test(name) || name.startsWith('AzureWebJobs') ? [name] : [],
          )
        : [],
    ),
  );

  test('has the settings of the control plane that fit Azure, and those of the platform', () => {
    const known = Object.keys(settingsSchema.shape);
    const substitutions =
      /^MQTTBRIDGE_(?:AUDIENCE|CLIENT_ID|CONTROL_PLANE|IMAGE|MQTT_HOST|NAMESPACE|SERVICE_ACCOUNT|SITE)$/;
    const given = new Set(settingNames.filter((name) => !substitutions.test(name)));
    expect([...given].filter((name) => !known.includes(name)).sort()).toEqual([
      'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
      'APPLICATIONINSIGHTS_CONNECTION_STRING',
      'AzureWebJobsStorage__blobServiceUri',
      'AzureWebJobsStorage__credential',
      'AzureWebJobsStorage__queueServiceUri',
    ]);
    expect(known.filter((name) => !given.has(name))).toEqual([
      // Stores that are not the app's own account.
      'MQTTBRIDGE_SQLITE_FILE',
      'MQTTBRIDGE_TABLES_ENDPOINT',
      'MQTTBRIDGE_TABLES_CONNECTION_STRING',
      // Named by its endpoints, and never by its key.
      'AzureWebJobsStorage',
      'AzureWebJobsStorage__accountName',
      // In Azure, Entra says who administers.
      'MQTTBRIDGE_ADMIN_KEY_SHA256',
      // Set by the platform.
      'WEBSITE_AUTH_ENABLED',
    ]);
  });

  test('has defaults that the settings take, within limits that they take', () => {
    for (const [param, setting] of [
      ['reportIntervalSeconds', 'MQTTBRIDGE_REPORT_INTERVAL_SECONDS'],
      ['recoverAfterSeconds', 'MQTTBRIDGE_RECOVER_AFTER_SECONDS'],
      ['requestsPerSecond', 'MQTTBRIDGE_REQUESTS_PER_SECOND'],
    ] as const) {
      const declaration = declared(main, 'param').find(({ name }) => name === param);
      expect(settingsSchema.parse({})[setting]).toBe(evaluate(main, param));
      const bounds = declaration && ['minValue', 'maxValue'].map((name) => argumentOf(declaration, name));
      for (const [bound, beyond] of [
        [bounds?.[0], -1],
        [bounds?.[1], 1],
      ] as const) {
        expect(settingsSchema.safeParse({ [setting]: String(bound) }).success).toBe(true);
        expect(settingsSchema.safeParse({ [setting]: String(Number(bound) + beyond) }).success).toBe(false);
      }
    }
  });

  test('runs on a Node.js that the package takes', async () => {
    const { engines } = JSON.parse(await readRepositoryFile('package.json')) as { engines: { node: string } };
    const least = Number(/^>=(\d+)/.exec(engines.node)?.[1]);
    const versions = declared(app, 'param').find(({ name }) => name === 'nodeVersion');
    const allowed = versions && decoratorOf(versions, 'allowed')?.args[0];
    const numbers = allowed?.kind === 'array' ? allowed.items.map((item) => Number(textOf(item))) : [];
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(least);
  });

  test('is on the plan that only has instances while there is work', () => {
    const plan = declared(template('modules/function-plan.bicep'), 'resource').find(({ name }) => name === 'plan');
    expect(textOf(propertyOf(bodyOf(plan?.value), 'sku', 'name'))).toBe('FC1');
  });
});

test('events of sessions go to the function that takes them, and those only that it knows', async () => {
  const registered = /eventGrid\('(\w+)'/.exec(await readRepositoryFile('functions/signals.ts'))?.[1];
  const known = (await readRepositoryFile('functions/signals/session-event.ts')).match(/Microsoft\.EventGrid\.\w+/g);
  const source = template('modules/session-events.bicep');
  const strings = allOf(source).flatMap((one) => (one.kind === 'string' ? [one.parts.at(-1)] : []));
  expect(strings).toContain(`/functions/${registered}`);
  expect(textsOf(source).filter((text) => text.startsWith('Microsoft.EventGrid.MQTT'))).toEqual(known);
});

test('the namespace speaks MQTT, with TLS 1.2 at least', () => {
  const namespace = resource('modules/event-grid-namespace.bicep', 'namespace');
  expect(textOf(propertyOf(namespace, 'topicSpacesConfiguration', 'state'))).toBe('Enabled');
  expect(textOf(propertyOf(namespace, 'minimumTlsVersionAllowed'))).toBe('1.2');
});
