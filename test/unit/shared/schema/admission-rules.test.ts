import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RULES } from '../../../../shared/config/rules.ts';
import { ADMISSION_RULES, type AdmissionRule } from '../../../../shared/schema/admission-rules.ts';
import { SCHEMA_RULES } from '../../../../shared/schema/crd-page.ts';
import type { ResourceKind } from '../../../../shared/schema/json-schema.ts';
import { admit } from '../../../support/kubernetes/admission.ts';
import { evaluateCel } from '../../../support/kubernetes/cel.ts';
import { schemaInCluster } from '../../../support/kubernetes/definitions.ts';
import { type Case, edited } from '../config/cases/case.ts';
import { CONNECTOR_CASES } from '../config/cases/connector.ts';
import { TOPIC_MAP_CASES } from '../config/cases/topic-map.ts';
import { CONNECTOR_YAML, MAP_YAML } from '../sample.ts';

interface Examples {
  readonly refused: readonly unknown[];
  readonly taken: readonly unknown[];
}

const endpoints: Examples = {
  refused: [
    '',
    'h',
    'h:',
    ':1',
    'h:0',
    'h:65536',
    'h:123456',
    'mqtt://h:1',
    'u@h:1',
    'h/x:1',
    '-h:1',
    'a..b:1',
    '[::1]',
    '[1.2]:1',
    '[:]:1',
    `${'h'.repeat(64)}:1`,
  ],
  taken: [
    'h:1',
    'h:65535',
    'h:00080',
    'h.test.:8883',
    'a_b:1883',
    '10.0.0.1:1883',
    '[::1]:1883',
    '[fe80::1%eth0]:1883',
  ],
};
const twoOf = { anonymous: {}, x509: { secretName: 's' } };
const anonymous = { anonymous: {} };
const certificate: Examples = {
  refused: [{}, { secretName: 's', keyVault: {} }],
  taken: [{ secretName: 's' }, { keyVault: {} }],
};
const remote = (endpoint: string, tlsEnabled: boolean, authentication: object = anonymous) => ({
  endpoint,
  tls: { tlsEnabled },
  authentication,
});
const HTTP_HOST = 'ns.west-1.eventgrid.azure.net:8883';
const MQTT_HOST = 'ns.west-1.ts.eventgrid.azure.net:8883';
const spec = (protocol: string, method: object, tlsEnabled = true) => ({
  protocol,
  localBrokerConnection: { tls: { tlsEnabled }, authentication: method },
  remoteBrokerConnection: { authentication: method },
});
const identity = { systemAssignedManagedIdentity: { audience: 'a' } };

/** By id and path: values of `self` that the rule must refuse, and such that it must take. */
const EXAMPLES: Readonly<Record<string, Examples>> = {
  'BC003 spec.clientIdPrefix': { refused: ['\0', 'a\0b'], taken: ['', 'site-1', '\\x00', 'é'] },
  'BC004 spec.localBrokerConnection.authentication': { refused: [{}, twoOf], taken: [anonymous, { kubernetes: {} }] },
  'BC004 spec.localBrokerConnection.authentication.x509': certificate,
  'BC004 spec.remoteBrokerConnection.authentication': { refused: [{}, twoOf], taken: [anonymous, identity] },
  'BC004 spec.remoteBrokerConnection.authentication.x509': certificate,
  'BC005 spec.localBrokerConnection.endpoint': endpoints,
  'BC005 spec.remoteBrokerConnection.endpoint': endpoints,
  'BC010 spec': { refused: [spec('v3', identity)], taken: [spec('v5', identity), spec('v3', anonymous)] },
  'BC011 spec.remoteBrokerConnection': {
    refused: [remote(MQTT_HOST, false), remote(HTTP_HOST, false), remote(MQTT_HOST.toUpperCase(), false)],
    taken: [
      remote(MQTT_HOST, true),
      remote('h:1883', false),
      remote('eventgrid.azure.net:1883', false),
      remote('x.eventgrid.azure.net.test:1883', false),
    ],
  },
  'BC012 spec.remoteBrokerConnection': {
    refused: [
      remote(HTTP_HOST, true),
      remote('ns.eventgrid.azure.us.:8883', true),
      remote('NS.EventGrid.azure.cn:8883', true),
    ],
    taken: [remote(MQTT_HOST, true), remote('ns.TS.eventgrid.azure.us.:8883', true), remote('h:8883', true)],
  },
  'BC015 spec': {
    refused: [spec('v5', { x509: { secretName: 's' } }, false)],
    taken: [spec('v5', { x509: { secretName: 's' } }, true), spec('v5', anonymous, false)],
  },
  'BC015 spec.remoteBrokerConnection': {
    refused: [remote('h:1883', false, { x509: { secretName: 's' } })],
    taken: [remote('h:8883', true, { x509: { secretName: 's' } }), remote('h:1883', false)],
  },
  'BC017 spec': {
    refused: [spec('v3', { kubernetes: { method: 'enhanced' } })],
    taken: [
      spec('v5', { kubernetes: { method: 'enhanced' } }),
      spec('v3', { kubernetes: { method: 'username' } }),
      spec('v3', { kubernetes: {} }),
      spec('v3', anonymous),
    ],
  },
  'TM004 spec.routes[].target': { refused: ['#', 'a/+', 'a+', 'a/#'], taken: ['a', '', '${inputTopic}'] },
  'TM005 spec.routes[].source': {
    refused: ['', 'a#', '#/a', 'a/#/b', '##', 'a+', '+a/b', 'a/++', 'a\0', '+\0', 'a/#\n'],
    taken: ['a', '/', '//', '#', '+', '/#', '+/#', 'a/+/b/#', '$SYS/#', 'a b/é\n', '$share', '$share/g/a#'],
  },
  'TM006 spec.routes[].source': {
    refused: ['$share', '$share/g/a', '$shared/a'],
    taken: ['a', 'a/$share/g', '$SYS/#'],
  },
  'TM007 spec.routes[].sharedSubscription.groupName': {
    refused: ['', 'a/b', '+', 'a#', '\0'],
    taken: ['g', 'a b', '$é'],
  },
  'TM008 spec.routes[].target': {
    refused: [
      '${',
      '${}',
      '${topic}',
      'a/${inputTopic',
      '${inputTopic.0}',
      '${inputTopic.01}',
      '${inputTopic.}',
      '$${x}',
      '${ inputTopic}',
      '${${inputTopic}}',
    ],
    taken: [
      '',
      'a',
      '$',
      '$$',
      '$a',
      '{a}',
      'a}',
      '${inputTopic}',
      '${inputTopic.1}${inputTopic.65535}/x',
      '$${inputTopic}',
      '${inputTopic}$',
      '${x}/#',
    ],
  },
  'TM010 spec.routes[].target': { refused: ['', '\0', 'a\0b'], taken: ['a', ' ', '/', '${inputTopic}'] },
  'TM012 spec.routes[].excludes[]': { refused: ['$share', '$share/g/a'], taken: ['a/#', '$SYS/#'] },
  'TM015 spec.routes[].deadLetterTopic': {
    refused: ['', 'a/+', '#', 'a\0', '${inputTopic}', 'a/${'],
    taken: ['a', 'dead/letters', '$', '{a}'],
  },
};

const nameOf = ({ id, path }: AdmissionRule) => `${id} ${path}`;

describe('the rule in CEL', () => {
  it.each(ADMISSION_RULES.map((rule) => ({ name: nameOf(rule), ...rule })))(
    '$name refuses and takes its examples',
    ({ name, expression }) => {
      const { refused, taken } = EXAMPLES[name] ?? { refused: [], taken: [] };
      const holds = (self: unknown) => evaluateCel(expression, self);
      expect([refused.length > 0, taken.length > 0]).toEqual([true, true]);
      expect(refused.filter(holds)).toEqual([]);
      expect(taken.filter((self) => !holds(self))).toEqual([]);
    },
  );

  it('has no examples without a rule, and no two rules have one id at one place', () => {
    expect(ADMISSION_RULES.map(nameOf).sort()).toEqual(Object.keys(EXAMPLES).sort());
  });

  it.each(ADMISSION_RULES)('$id is an error of the catalogue', ({ id, kind }) => {
    expect(RULES.get(id)?.severity).toBe('error');
    expect(id.startsWith('BC')).toBe(kind === 'MqttBridgeConnector');
  });
});

describe('of what our own validation finds in one resource,', () => {
  const all: readonly (Case & { kind: ResourceKind })[] = [
    ...CONNECTOR_CASES.map((each) => ({ ...each, kind: 'MqttBridgeConnector' as const })),
    ...TOPIC_MAP_CASES.map((each) => ({ ...each, kind: 'MqttBridgeTopicMap' as const })),
  ];
  const answer = ({ kind, connector = [], map = [] }: (typeof all)[number]) => {
    const text = kind === 'MqttBridgeConnector' ? edited(CONNECTOR_YAML, connector) : edited(MAP_YAML, map);
    return admit(schemaInCluster(kind), parse(text));
  };
  const inCel = new Set(ADMISSION_RULES.map(({ id }) => id));
  /** The API server itself knows what a name is. */
  const cases = all.filter(({ at }) => at !== 'metadata.name');
  const errors = cases.filter(({ severity = 'error' }) => severity === 'error');

  it.each(errors.filter(({ rule }) => inCel.has(rule) && SCHEMA_RULES[rule] === undefined))(
    '$rule at $at is refused with its id',
    (one) => {
      expect(answer(one).faults.map((fault) => fault.replace(/^.*?: ([A-Z]{2}\d{3}) .*$/, '$1'))).toContain(one.rule);
    },
  );

  it.each(errors.filter(({ rule }) => SCHEMA_RULES[rule] !== undefined))(
    '$rule at $at is refused by the schema',
    (one) => {
      const { faults, unknown } = answer(one);
      expect([...faults, ...unknown]).not.toEqual([]);
    },
  );

  it.each(errors.filter(({ rule }) => !inCel.has(rule) && SCHEMA_RULES[rule] === undefined))(
    '$rule at $at is left to the operator',
    (one) => {
      expect(answer(one).faults).toEqual([]);
    },
  );

  it.each(cases.filter(({ severity }) => severity === 'warning'))(
    '$rule at $at is a warning and refuses nothing',
    (one) => {
      expect(answer(one).faults).toEqual([]);
    },
  );
});
