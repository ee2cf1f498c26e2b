import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import { type Note, noteAt } from '../note.ts';
import type { Directive } from './lines.ts';
import type { Settings } from './settings.ts';

type Spec = ConnectorInput['spec'];

/** How a connector logs on, the commands that make what it names, and what is lost. */
export interface Credentials {
  readonly remote: Spec['remoteBrokerConnection']['authentication'];
  readonly local: NonNullable<NonNullable<Spec['localBrokerConnection']>['authentication']>;
  readonly tls: Spec['remoteBrokerConnection']['tls'];
  readonly commands: readonly string[];
  readonly notes: readonly Note[];
}

/** Reads the credentials of a section; their values stay where they are. */
export function credentialsOf(settings: Settings, connector: string, namespace: string | undefined): Credentials {
  const make = maker(namespace);
  const certificate = settings.find('bridge_certfile');
  const key = settings.find('bridge_keyfile');
  const user = settings.find('remote_username', 'username');
  const notes = [...lonely(certificate, key), ...shadowed(certificate && key && user)];
  const commands: string[] = [];
  const secret = (name: string, entries: readonly string[]) => {
    commands.push(make('secret generic', name, entries));
    return { secretName: name };
  };
  const remote = (): Credentials['remote'] => {
    if (certificate && key) {
      const entries = [fromFile('client_cert.pem', certificate), fromFile('client_key.pem', key)];
      return { x509: secret(`${connector}-remote-cert`, entries) };
    }
    if (!user) return { anonymous: {} };
    return {
      usernamePassword: secret(`${connector}-remote`, logOn(user, settings.find('remote_password', 'password'))),
    };
  };
  const localUser = settings.find('local_username');
  const local: Credentials['local'] = localUser
    ? { usernamePassword: secret(`${connector}-local`, logOn(localUser, settings.find('local_password'))) }
    : { anonymous: {} };
  const authentication = remote();
  const tls = trust(settings, `${connector}-remote-ca`);
  if (tls.entry !== undefined) commands.push(make('configmap', `${connector}-remote-ca`, [tls.entry]));
  return { remote: authentication, local, tls: tls.fields, commands, notes };
}

function trust(settings: Settings, configMap: string) {
  const ca = settings.find('bridge_cafile') ?? settings.find('bridge_capath');
  const psk = settings.find('bridge_psk', 'bridge_identity');
  const tlsEnabled = ca !== undefined || psk !== undefined || settings.flag('bridge_tls_use_os_certs', false);
  if (ca === undefined) return { fields: { tlsEnabled }, entry: undefined };
  const fields = { tlsEnabled, trustedCaCertificateConfigMap: configMap };
  const path = quoted(ca.value);
  return { fields, entry: ca.name === 'bridge_cafile' ? `--from-file=ca.crt=${path}` : `--from-file=${path}` };
}

function lonely(certificate: Directive | undefined, key: Directive | undefined): Note[] {
  const one = certificate ?? key;
  if (one === undefined || (certificate !== undefined && key !== undefined)) return [];
  const why = 'a client certificate needs bridge_certfile and bridge_keyfile';
  return [noteAt(one, 'error', { what: one.name, why, advice: 'add the other one, or remove this one' })];
}

function shadowed(user: Directive | undefined): Note[] {
  if (user === undefined) return [];
  const why = 'a connection has one way to log on, and there is a client certificate too';
  const advice = 'let the broker take the user name from the certificate, or use usernamePassword without x509';
  return [noteAt(user, 'notCarried', { what: user.name, why, advice })];
}

/** The command reads both out of the file they are in, so that they are in no argument, history or output. */
function logOn(user: Directive, password: Directive | undefined): string[] {
  return [
    fromLine('username', user),
    password === undefined ? '--from-literal=password=' : fromLine('password', password),
  ];
}

function fromLine(key: string, { file, line, name }: Directive): string {
  return `--from-file=${key}=<(sed -n ${quoted(`${line}s/^ *${name} *//p`)} ${quoted(file)} | sed 's/[[:space:]]*$//' | tr -d '\\n')`;
}

function fromFile(key: string, { value }: Directive): string {
  return `--from-file=${key}=${quoted(value)}`;
}

function maker(namespace: string | undefined) {
  const where = namespace === undefined ? '' : ` -n ${namespace}`;
  return (kind: string, name: string, entries: readonly string[]) =>
    `kubectl create ${kind} ${name}${where} ${entries.join(' ')}`;
}

/** A word that a POSIX shell takes as it is. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
