import type { LoadedResource } from '../../../shared/config/load.ts';
import { formatPath, type Path } from '../../../shared/config/position.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import { type Note, noteAt, type NoteText } from '../note.ts';
import { type Fields, fieldsIn, isFields, textIn } from '../record.ts';

type Spec = ConnectorInput['spec'];

/** One end of a data flow, in the words of a connector; parts are absent where the endpoint cannot be one. */
export interface Endpoint {
  readonly name: string;
  readonly isLocal: boolean;
  readonly endpoint: string;
  readonly protocol: 'mqtt' | 'webSocket';
  readonly tls: Spec['remoteBrokerConnection']['tls'];
  readonly authentication: Fields;
  readonly clientIdPrefix: string | undefined;
  readonly session: Readonly<Record<string, number>>;
  readonly qos: 0 | 1 | 2;
  readonly retain: 'Keep' | 'Never';
  readonly notes: readonly Note[];
}

/** The endpoint that every deployment of Azure IoT Operations has, whether or not its YAML is at hand. */
export const DEFAULT_ENDPOINT: Endpoint = {
  name: 'default',
  isLocal: true,
  endpoint: 'aio-broker:18883',
  protocol: 'mqtt',
  tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'azure-iot-operations-aio-ca-trust-bundle' },
  authentication: { kubernetes: {} },
  clientIdPrefix: undefined,
  session: {},
  qos: 1,
  retain: 'Keep',
  notes: [],
};

const KNOWN = new Set(
  'host protocol clientIdPrefix keepAliveSeconds maxInflightMessages qos retain sessionExpirySeconds tls authentication'.split(
    ' ',
  ),
);

/** Reads a DataflowEndpoint; undefined when it is none of MQTT. */
export function endpointOf(resource: LoadedResource): Endpoint | undefined {
  const { value } = resource;
  const settings = fieldsIn(value, 'spec', 'mqttSettings');
  if (textIn(fieldsIn(value, 'spec'), 'endpointType')?.toLowerCase() !== 'mqtt') return undefined;
  const host = textIn(settings, 'host') ?? DEFAULT_ENDPOINT.endpoint;
  const log = noteLog(resource);
  const method = authenticationOf(settings, log);
  for (const field of Object.keys(settings)) {
    if (!KNOWN.has(field)) log.lost(['spec', 'mqttSettings', field], LOST[field] ?? NO_FIELD);
  }
  const expiry = numberIn(settings, 'sessionExpirySeconds');
  return {
    name: textIn(fieldsIn(value, 'metadata'), 'name') ?? '',
    isLocal: isLocal(value, host),
    endpoint: host,
    protocol: /^websockets?$/i.test(textIn(settings, 'protocol') ?? '') ? 'webSocket' : 'mqtt',
    tls: tlsOf(fieldsIn(settings, 'tls')),
    authentication: method,
    clientIdPrefix: textIn(settings, 'clientIdPrefix'),
    session: {
      ...(expiry === undefined ? {} : { expirySeconds: expiry }),
      ...keepAlive(settings, log),
      ...ifNumber('maxInflightMessages', numberIn(settings, 'maxInflightMessages')),
    },
    qos: qosOf(settings['qos']),
    retain: textIn(settings, 'retain')?.toLowerCase() === 'never' ? 'Never' : 'Keep',
    notes: log.notes,
  };
}

function isLocal(value: Fields, host: string): boolean {
  const hostType = textIn(fieldsIn(value, 'spec'), 'hostType')?.toLowerCase();
  if (hostType !== undefined) return hostType === 'localbroker';
  return /^aio-(?:broker|mq)/.test(host) || textIn(fieldsIn(value, 'metadata'), 'name') === 'default';
}

function tlsOf(tls: Fields): Endpoint['tls'] {
  const tlsEnabled = textIn(tls, 'mode')?.toLowerCase() !== 'disabled';
  const trusted = textIn(tls, 'trustedCaCertificateConfigMapRef');
  return { tlsEnabled, ...(trusted === undefined ? {} : { trustedCaCertificateConfigMap: trusted }) };
}

function qosOf(value: unknown): 0 | 1 | 2 {
  return value === 0 || value === 2 ? value : 1;
}

function keepAlive(settings: Fields, log: NoteLog): Readonly<Record<string, number>> {
  const value = numberIn(settings, 'keepAliveSeconds');
  if (value === undefined || value >= 5) return ifNumber('keepAliveSeconds', value);
  const why = 'a keep alive below 5 s makes a busy network look dead: it is 5 s now';
  log.add('changed', ['spec', 'mqttSettings', 'keepAliveSeconds'], { why, advice: 'see whether that suits' });
  return { keepAliveSeconds: 5 };
}

function ifNumber(field: string, value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { [field]: value };
}

function numberIn(settings: Fields, field: string): number | undefined {
  const value = settings[field];
  return typeof value === 'number' ? value : undefined;
}

const NO_FIELD = { why: 'a connector has no such field', advice: 'see docs/reference/fields.md for what it has' };

const LOST: Readonly<Record<string, Pick<NoteText, 'why' | 'advice'>>> = {
  cloudEventAttributes: {
    why: 'the bridge carries properties as they are and makes no CloudEvents of messages',
    advice: 'nothing where publishers set the attributes; otherwise keep this data flow',
  },
  sharedSubscription: {
    why: 'the field was taken out of data flows, and belongs to routes here',
    advice: 'set sharedSubscription of the routes',
  },
};

const AUTHENTICATION = ['spec', 'mqttSettings', 'authentication'];

/** The method of authentication in the words of a connector; no field at all when there is no such method. */
function authenticationOf(settings: Fields, log: NoteLog): Fields {
  const authentication = fieldsIn(settings, 'authentication');
  const method = textIn(authentication, 'method') ?? '';
  const inside = (name: string) => fieldsIn(authentication, name);
  switch (method.toLowerCase()) {
    case 'anonymous':
      return { anonymous: {} };
    case 'x509certificate':
      return { x509: { secretName: textIn(inside('x509CertificateSettings'), 'secretRef') } };
    case 'systemassignedmanagedidentity':
      return identity(textIn(inside('systemAssignedManagedIdentitySettings'), 'audience'));
    case 'userassignedmanagedidentity': {
      log.add('changed', AUTHENTICATION, {
        why: 'a connector names no identity: the agent takes the managed identity of its machine, or workload identity',
        advice: 'run the agent with AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE of that identity',
      });
      const scope = textIn(inside('userAssignedManagedIdentitySettings'), 'scope');
      return identity(scope?.replace(/\/\.default$/, ''));
    }
    case 'serviceaccounttoken':
      log.add('changed', AUTHENTICATION, {
        why: `the token of audience ${textIn(inside('serviceAccountTokenSettings'), 'audience') ?? 'aio-internal'} is read from a file`,
        advice: 'project such a token into the folder secretPath of the agent, as file sat',
      });
      return { kubernetes: {} };
    default:
      log.add('error', AUTHENTICATION, { why: `there is no method "${method}"`, advice: 'correct the method' });
      return {};
  }
}

function identity(audience = 'https://eventgrid.azure.net'): Fields {
  return { systemAssignedManagedIdentity: { audience } };
}

/** Collects notes about one resource. */
export interface NoteLog {
  readonly notes: readonly Note[];
  readonly add: (kind: Note['kind'], path: Path, text: Pick<NoteText, 'why' | 'advice'>) => void;
  /** Something that is left out. */
  readonly lost: (path: Path, text: Pick<NoteText, 'why' | 'advice'>) => void;
}

/** A log of notes that stand where their paths stand in the resource. */
export function noteLog(resource: LoadedResource): NoteLog {
  const notes: Note[] = [];
  const add: NoteLog['add'] = (kind, path, text) => {
    notes.push(
      noteAt({ file: resource.file, ...resource.locate(path, 'key') }, kind, { what: formatPath(path), ...text }),
    );
  };
  return { notes, add, lost: (path, text) => add('notCarried', path, text) };
}

/** Fields of an object that a set does not have. */
export function unknownFields(value: unknown, known: readonly string[]): string[] {
  return isFields(value) ? Object.keys(value).filter((field) => !known.includes(field)) : [];
}
