import { describe, expect, test } from 'vitest';
import { adviceFor } from '../../../shared/advice.ts';
import { REASON_CODES } from '../../../shared/reason-codes.ts';
import { sampleConnector } from './sample.ts';

type Spec = NonNullable<Parameters<typeof sampleConnector>[0]>;
type Remote = NonNullable<Spec['remoteBrokerConnection']>;

const HOST = 'contoso.westeurope-1.ts.eventgrid.azure.net';
const SPACE =
  '/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.EventGrid/namespaces/contoso/topicSpaces/TOPICSPACE';
const OID = '11111111-2222-3333-4444-555555555555';

function remote(changes: Partial<Remote> = {}, spec: Spec = {}) {
  return sampleConnector({
    ...spec,
    remoteBrokerConnection: {
      endpoint: `${HOST}:8883`,
      tls: { tlsEnabled: true },
      authentication: managed(),
      ...changes,
    },
  });
}

function managed(audience = 'https://eventgrid.azure.net') {
  return { systemAssignedManagedIdentity: { audience, extensionName: 'mq' } };
}

const x509 = { x509: { secretName: 'edge-cert' } };
const keyVault = {
  x509: {
    keyVault: {
      vault: { name: 'plant', directoryId: 't', credentials: { servicePrincipalLocalSecretName: 'sp' } },
      vaultCert: { name: 'edge' },
    },
  },
};
const refused = { reason: 'NotAuthorized', reasonCode: 0x87, side: 'remote' } as const;
const full = { reason: 'QuotaExceeded', reasonCode: 0x97, side: 'remote' } as const;

describe('advice for Event Grid', () => {
  test('a token for another audience: names both, and the setting', () => {
    const { sentence, fix } = adviceFor(refused, remote({ authentication: managed('https://storage.azure.com') }));
    expect(sentence).toBe(
      'Event Grid does not accept the token: it is for the audience "https://storage.azure.com", and Event Grid\'s is https://eventgrid.azure.net.',
    );
    expect(fix).toBe(
      'spec.remoteBrokerConnection.authentication.systemAssignedManagedIdentity.audience: https://eventgrid.azure.net',
    );
  });

  test('an identity without a role: the roles of what the session does, for the identity of its token', () => {
    const { sentence, fix } = adviceFor(refused, remote(), {
      objectId: OID,
      permissions: ['Publisher'],
      clientId: 'c',
    });
    expect(sentence).toContain(`the identity ${OID} open the session "c"`);
    expect(fix).toBe(
      `az role assignment create --role "EventGrid TopicSpaces Publisher" --assignee ${OID} --scope ${SPACE}`,
    );
    expect(adviceFor(refused, remote()).fix).toContain(
      ' && az role assignment create --role "EventGrid TopicSpaces Sub',
    );
  });

  test('an unknown principal is looked up by the name of the extension', () => {
    const { fix } = adviceFor(refused, remote(), { during: 'subscribe', topic: 'a/#', route: 'down' });
    expect(fix).toContain('"EventGrid TopicSpaces Subscriber" --assignee "$(az k8s-extension show');
    expect(fix).toContain('--name mq --query identity.principalId --output tsv)"');
  });

  test('a refused publish names topic, route and role, and that roles take minutes', () => {
    const context = { during: 'publish', topic: 'telemetry/x', route: 'up', objectId: OID } as const;
    const { sentence, fix } = adviceFor(refused, remote(), context);
    expect(sentence).toMatch(/publish to "telemetry\/x" \(route up\).*EventGrid TopicSpaces Publisher.*takes minutes/);
    expect(fix).toContain('"EventGrid TopicSpaces Publisher"');
    expect(adviceFor(refused, remote({ authentication: x509 }), context).fix).toBe(
      "az eventgrid namespace permission-binding create --resource-group GROUP --namespace-name contoso --name BINDING --client-group-name '$all' --topic-space-name TOPICSPACE --permission Publisher",
    );
  });

  test('a full session table: the setting of the portal, and the command with the number that is needed', () => {
    const { sentence, fix } = adviceFor(full, remote(), { sessions: 4 });
    expect(sentence).toContain('connector bridge needs 4 under "Maximum client sessions per authentication name"');
    expect(fix).toBe(
      'az eventgrid namespace update --resource-group GROUP --name contoso --topic-spaces-configuration "{maximumClientSessionsPerAuthenticationName:4}"',
    );
  });

  test('more sessions than Event Grid allows at all: the setting that needs fewer', () => {
    const perRoute = remote({ authentication: x509 });
    expect(adviceFor(full, perRoute, { sessions: 101 }).fix).toBe('spec.remoteSessions: perInstance');
    const { sentence, fix } = adviceFor(full, remote(), { sessions: 101 });
    expect(sentence).toMatch(/100 at most\.$/);
    expect(fix).toBe('spec.bridgeInstances: 100');
  });

  test('a quota that a publish meets is not the one of sessions', () => {
    const publish = adviceFor(full, remote(), { during: 'publish' });
    expect(publish.fix).toBe(
      'az eventgrid namespace update --resource-group GROUP --name contoso --sku "{name:Standard,capacity:UNITS}"',
    );
    expect(adviceFor({ ...full, reason: 'MessageRateTooHigh' }, remote())).toEqual(publish);
    expect(adviceFor(full, remote(), { during: 'subscribe' }).fix).toBe('spec.remoteSessions: perRoute');
  });

  test.each([
    [x509, 'Secret edge-cert', 'kubectl create secret generic edge-cert --from-file=client_cert.pem'],
    [keyVault, 'key vault plant', 'az keyvault certificate import --vault-name plant --name edge'],
  ])('an ended certificate: where it comes from, and how to replace it (%#)', (authentication, where, command) => {
    for (const reason of ['NotAuthorized', 'TlsClientCertificateRejected', 'ConnectionReset']) {
      const fault = { ...refused, reason, message: 'm' };
      const { sentence, fix } = adviceFor(fault, remote({ authentication }), { certificateEnds: 0, now: 1 });
      expect(sentence).toBe(
        `The client certificate from ${where} ended at 1970-01-01T00:00:00.000Z, and ${HOST} does not accept it any more.`,
      );
      expect(fix).toContain(command);
    }
  });

  test('a newest version in the vault that has ended: how to import another', () => {
    const fault = { reason: 'CertificateExpired', side: 'remote', message: 'What is known.' } as const;
    const { fix } = adviceFor(fault, remote({ authentication: keyVault }));
    expect(fix).toBe('az keyvault certificate import --vault-name plant --name edge --file client.pem');
  });

  test('a certificate that nobody knows: the commands that make it known', () => {
    const { sentence, fix } = adviceFor(refused, remote({ authentication: x509 }), { certificateEnds: 2, now: 1 });
    expect(sentence).toContain('does not know the client certificate');
    expect(fix).toContain('az eventgrid namespace client create');
    expect(fix).toContain('alternativeAuthenticationNameSources:[ClientCertificateSubject]');
  });

  test('a session name of another identity, where the same credentials are good elsewhere', () => {
    const { sentence, fix } = adviceFor(refused, remote(), { admitted: true, clientId: 'site-up' });
    expect(sentence).toContain('"site-up"');
    expect(sentence).toContain('belongs to another identity');
    expect(fix).toBe('spec.clientIdPrefix: PREFIX-2');
  });

  test.each([
    ['SessionTakenOver', /^Another client uses the client ID "plant-up" at /],
    ['ClientIdConflict', /connections with the client ID "plant-up" .* most likely since another client uses it too/],
  ])('%s: another client has the client ID', (reason, cause) => {
    const connector = remote({}, { clientIdPrefix: 'plant-' });
    const { sentence, fix } = adviceFor({ reason, side: 'remote' }, connector, { clientId: 'plant-up' });
    expect(sentence).toMatch(cause);
    expect(fix).toBe('spec.clientIdPrefix: plant-SITE');
    const extension = { clientId: '/subscriptions/s/extensions/mq/bridge-0' };
    expect(adviceFor({ reason, side: 'remote' }, connector, extension).fix).toBe('metadata.name: bridge-SITE');
  });

  test('a federated identity has no extension to ask about', () => {
    const context = { federated: true };
    expect(adviceFor(refused, remote(), context).fix).toContain(
      '--assignee "$(az identity show --resource-group GROUP',
    );
    const { fix } = adviceFor({ reason: 'TokenFailed', side: 'remote', message: 'm' }, remote(), context);
    expect(fix).toBe('az identity federated-credential list --resource-group GROUP --identity-name IDENTITY');
  });

  test.each([
    ['contoso.westeurope-1.eventgrid.azure.net:8883', {}, `spec.remoteBrokerConnection.endpoint: ${HOST}:8883`],
    [`${HOST}:443`, {}, 'spec.remoteBrokerConnection.protocol: webSocket'],
    [`${HOST}:8883`, { protocol: 'webSocket' }, `spec.remoteBrokerConnection.endpoint: ${HOST}:443`],
    [`${HOST}:8883`, { tls: { tlsEnabled: false } }, 'spec.remoteBrokerConnection.tls.tlsEnabled: true'],
  ] as const)('a door that does not open: %s %o', (endpoint, changes, fix) => {
    const fault = { reason: 'ConnectTimeout', side: 'remote', message: 'm' } as const;
    expect(adviceFor(fault, remote({ endpoint, ...changes })).fix).toBe(fix);
  });

  test('a name that does not resolve: the command that shows the right one', () => {
    expect(adviceFor({ reason: 'DnsFailed', side: 'remote', message: 'm' }, remote())).toEqual({
      sentence: 'm',
      fix: 'az eventgrid namespace show --resource-group GROUP --name contoso --query topicSpacesConfiguration.hostname --output tsv',
    });
  });

  test.each([
    ['TokenTimeout', 'kubectl describe pod POD'],
    ['IdentityUnreachable', 'kubectl describe pod POD'],
    ['TokenFailed', 'az k8s-extension show'],
    ['TokenAudienceRefused', 'audience: https://eventgrid.azure.net'],
    ['TokenExpired', 'timedatectl set-ntp true'],
    ['TlsExpired', 'timedatectl set-ntp true'],
    ['TlsVerifyFailed', 'trustedCaCertificateConfigMap: CONFIGMAP'],
  ])('%s keeps its sentence and gets a fix', (reason, part) => {
    const { sentence, fix } = adviceFor({ reason, side: 'remote', message: 'What is known.' }, remote());
    expect(sentence).toBe('What is known.');
    expect(fix).toContain(part);
  });
});

describe('advice for other brokers', () => {
  const local = (authentication: object) =>
    sampleConnector({
      localBrokerConnection: { endpoint: 'edge.test:1883', authentication },
    });
  const atLocal = { ...refused, side: 'local' } as const;

  test.each([
    [{ usernamePassword: { secretName: 'login' } }, 'Secret login', '--from-file=username --from-file=password'],
    [{ kubernetes: {} }, '/var/run/serviceaccount/localbroker', 'serviceAccountToken.audience: aio-internal'],
    [{ anonymous: {} }, 'takes no clients without credentials', 'usernamePassword.secretName: SECRET'],
  ])('a refused log-on with %o', (authentication, cause, part) => {
    const { sentence, fix } = adviceFor(atLocal, local(authentication));
    expect(sentence).toContain('edge.test');
    expect(sentence).toContain(cause);
    expect(fix).toContain(part);
  });

  test('no roles and no session quota of Event Grid', () => {
    const connector = sampleConnector();
    const said = [
      adviceFor(full, connector, { sessions: 3 }),
      adviceFor(refused, connector, { during: 'publish', topic: 'a' }),
      adviceFor({ ...refused, reason: 'DnsFailed', message: 'm' }, connector),
    ];
    for (const { fix } of said) expect(fix).toBeUndefined();
    expect(said[1]?.sentence).toContain('does not let this client publish to "a"');
  });

  test('a broker that does not know K8S-SAT gets the user name $sat', () => {
    const fault = { reason: 'BadAuthenticationMethod', reasonCode: 0x8c, side: 'local' } as const;
    expect(adviceFor(fault, local({ kubernetes: {} })).fix).toBe(
      'spec.localBrokerConnection.authentication.kubernetes.method: username',
    );
  });
});

test('whatever the reason, there is one sentence', () => {
  const others = ['DnsFailed', 'ConnectionClosed', 'TlsVerifyFailed', 'TokenTimeout', 'AckTimeout', 'NeverHeardOf'];
  for (const reason of [...REASON_CODES.map(({ name }) => name), ...others]) {
    const { sentence } = adviceFor({ reason, side: 'remote' }, remote());
    expect(sentence).toMatch(/^[^\n]+\.$/);
  }
  expect(adviceFor({ reason: 'ServerBusy', reasonCode: 0x89, side: 'local' }, remote()).sentence).toContain('0x89');
});
