import { describe, expect, test } from 'vitest';
import { DIRECTIVES } from '../../../../cli/import/mosquitto/directives.ts';
import { importOne, importText } from './import-text.ts';

const HEAD = 'connection b\naddress r:1883\nnotifications false\ntopic a\n';
const CANARY = 'canary-5e1f';

const section = (...lines: readonly string[]) => `${HEAD}${lines.map((one) => `${one}\n`).join('')}`;

describe('directives that are carried', () => {
  test.each<readonly [readonly string[], object]>([
    [['bridge_protocol_version mqttv50'], { protocol: 'v5' }],
    [['bridge_protocol_version mqttv311'], { protocol: 'v3' }],
    [['bridge_protocol_version mqttv31'], { protocol: 'v3' }],
    [['cleansession true'], { session: { expirySeconds: 0 } }],
    [['cleansession false'], { session: { expirySeconds: 4_294_967_295 } }],
    [['bridge_session_expiry_interval 60'], { session: { expirySeconds: 60 } }],
    [['keepalive_interval 30'], { session: { keepAliveSeconds: 30 } }],
    [['bridge_receive_maximum 7'], { session: { maxInflightMessages: 7 } }],
    [['bridge_max_packet_size 4096'], { session: { maxPacketBytes: 4096 } }],
    [['bridge_max_packet_size 0'], { session: { maxPacketBytes: 16 * 1024 * 1024 } }],
    [['remote_clientid gw-7'], { clientIdPrefix: 'gw-7' }],
    [['clientid gw-7'], { clientIdPrefix: 'gw-7' }],
    [
      ['bridge_cafile /ca.pem'],
      { remoteBrokerConnection: { tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'b-remote-ca' } } },
    ],
    [
      ['bridge_capath /ca'],
      { remoteBrokerConnection: { tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'b-remote-ca' } } },
    ],
    [['bridge_tls_use_os_certs true'], { remoteBrokerConnection: { tls: { tlsEnabled: true } } }],
    [
      ['bridge_capath /ca', 'bridge_certfile /c.pem', 'bridge_keyfile /k.pem'],
      { remoteBrokerConnection: { authentication: { x509: { secretName: 'b-remote-cert' } } } },
    ],
    [
      ['username u', 'password p'],
      { remoteBrokerConnection: { authentication: { usernamePassword: { secretName: 'b-remote' } } } },
    ],
    [
      ['local_username u', 'local_password p'],
      { localBrokerConnection: { authentication: { usernamePassword: { secretName: 'b-local' } } } },
    ],
    [['listener 1999 127.0.0.1'], { localBrokerConnection: { endpoint: '127.0.0.1:1999' } }],
    [['listener 8883', 'certfile /x', 'listener 1884'], { localBrokerConnection: { endpoint: 'localhost:1884' } }],
  ])('%j', (lines, expected) => {
    const { spec, errors } = importOne(section(...lines));
    expect(errors).toEqual([]);
    expect(spec).toMatchObject(expected);
  });
});

/** A value that loses something. */
const VALUES: Readonly<Record<string, string>> = {
  bridge_insecure: 'true',
  bridge_attempt_unsubscribe: 'true',
  bridge_require_ocsp: 'true',
  bridge_tls_version: 'tlsv1.1',
  bridge_max_packet_size: '4096',
  local_cleansession: 'true',
  notifications: 'true',
  notifications_local_only: 'true',
  round_robin: 'true',
  start_type: 'lazy',
  try_private: 'true',
};

describe('directives that are not carried as they are', () => {
  const lossy = [...DIRECTIVES].filter(([, { outcome }]) => outcome !== 'carried');

  test.each(lossy)('%s is told at its place with what to do', (name, { outcome, why, advice }) => {
    const { notes } = importOne(section(`${name} ${VALUES[name] ?? 'x'}`));
    expect(notes).toContainEqual(
      expect.objectContaining({ kind: outcome, file: 'source', line: 5, column: 1, why, advice }),
    );
  });

  test.each([
    'round_robin false',
    'notifications 0',
    'start_type automatic',
    'bridge_tls_version tlsv1.3',
    'try_private false',
    'bridge_insecure false',
    'bridge_attempt_unsubscribe false',
  ])('%s loses nothing, so nothing is said', (line) => {
    const silent = importOne(section()).notes.length;
    expect(importOne(section(line)).notes).toHaveLength(silent);
  });

  test('directives of the broker below a connection are not of the bridge', () => {
    const silent = importOne(section()).notes.length;
    expect(importOne(section('persistence true', 'auth_opt_x y', 'log_type all')).notes).toHaveLength(silent);
  });
});

describe('what is broken', () => {
  test.each([
    ['an address is missing', 'connection b\ntopic a\n', 'no address'],
    ['a name is missing', 'connection  \naddress r\ntopic a\nlistener 1\n', ''],
    ['a number is none', section('keepalive_interval soon'), 'whole number'],
    ['a truth value is none', section('cleansession perhaps'), 'true nor false'],
    ['a version is none', section('bridge_protocol_version 5'), 'version of MQTT'],
    ['a key has no certificate', section('bridge_keyfile /k'), 'bridge_certfile and bridge_keyfile'],
    ['an address has a scheme', 'connection b\naddress mqtt://r:1883\ntopic a\n', 'scheme'],
    ['a certificate without TLS', section('bridge_certfile /c', 'bridge_keyfile /k'), 'BC015'],
  ])('%s: nothing is imported, with the reason', (_, text, why) => {
    const { documents, notes } = importText(text);
    expect(documents).toEqual([]);
    if (why !== '')
      expect(notes).toContainEqual(expect.objectContaining({ kind: 'error', why: expect.stringContaining(why) }));
  });

  test('a name that Mosquitto does not know, a tab for a space, and a second connection of one name are told', () => {
    const text = section('bridge_wings 2', 'topic\tx', 'connection B', 'address q', 'topic y');
    const { notes, documents } = importText(text);
    expect(documents).toHaveLength(1);
    const told = notes.map(({ what, line }) => [what, line]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['bridge_wings', 5],
        ['topic', 6],
        ['connector b', 7],
      ]),
    );
  });
});

test('passwords and keys are named by where they stand, and shown nowhere', () => {
  const secrets = ['remote_password', 'local_password', 'bridge_psk'].map((name) => `${name} ${CANARY}`);
  const result = importText(section('remote_username u', 'local_username v', 'bridge_identity i', ...secrets));
  expect(result.documents).toHaveLength(1);
  expect(JSON.stringify(result)).not.toContain(CANARY);
  expect(result.commands.join()).toContain(`sed -n '8s/^ *remote_password *//p' source`);
  expect(result.yaml).toContain('DECIDE: pre-shared keys are not carried');
});

test('credentials in an address are not shown either', () => {
  const { notes } = importText(`connection b\naddress u:${CANARY}@r:1883\ntopic a\n`);
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'error', what: 'address' }));
  expect(JSON.stringify(notes)).not.toContain(CANARY);
});

test('both directions of one topic need MQTT 5 and carry nothing back', () => {
  const { spec, notes, yaml } = importOne(section('topic # both 1'));
  expect(spec).toMatchObject({ protocol: 'v5', maxHops: 1 });
  expect(yaml).toContain('# DECIDE: both brokers must speak MQTT 5');
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'changed', why: expect.stringContaining('MQTT 5') }));
});
