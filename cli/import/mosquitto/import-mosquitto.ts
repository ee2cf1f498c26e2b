import type { ConfigFile } from '../../../shared/config/load.ts';
import { parseEndpoint } from '../../../shared/endpoint.ts';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import { type DraftBridge, type Drafts, type ImportOptions, objectNameOf, type Remark } from '../imported.ts';
import { type Note, noteAt } from '../note.ts';
import { credentialsOf } from './credentials.ts';
import { type Directive, parseConf, type Section, wordsOf } from './lines.ts';
import { directiveNotes, type Settings, settingsOf } from './settings.ts';
import { importTopics } from './topics.ts';

/** Longest session there is: a bridge with `cleansession false` never lets its own go. */
const FOR_EVER = 4_294_967_295;

/** Makes a connector and a topic map of every `connection` in the files, which may include each other. */
export function importMosquitto(files: readonly ConfigFile[], options: ImportOptions): Drafts {
  const confs = files.map(parseConf);
  const everywhere = confs.flatMap(({ globals, sections }) => [
    ...globals,
    ...sections.flatMap((one) => one.directives),
  ]);
  const local = localEndpoint(everywhere);
  const sections = confs.flatMap((conf) => conf.sections);
  const bridges: DraftBridge[] = [];
  const notes: Note[] = [];
  for (const section of sections) {
    const made = importSection(section, local, sections.length === 1 ? options : { ...options, name: undefined });
    notes.push(...made.notes);
    if (made.bridge) bridges.push(made.bridge);
  }
  return { bridges, notes };
}

/** The first plain listener: the bridge was part of this broker, and connects to it from outside now. */
function localEndpoint(directives: readonly Directive[]): string {
  const listeners: { endpoint: string; plain: boolean }[] = [];
  for (const directive of directives) {
    const [port = '', host = 'localhost'] = wordsOf(directive);
    if (directive.name === 'listener' || directive.name === 'port') {
      const endpoint = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      listeners.push({ endpoint: endpoint.replace(/^0\.0\.0\.0:|^\[::\]:/, 'localhost:'), plain: true });
    }
    const last = listeners.at(-1);
    const special =
      ['certfile', 'psk_hint'].includes(directive.name) ||
      /^protocol +websockets/.test(`${directive.name} ${directive.value}`);
    if (last && special) last.plain = false;
  }
  const found = listeners.find(({ endpoint, plain }) => plain && parseEndpoint(endpoint).ok);
  return found?.endpoint ?? 'localhost:1883';
}

interface Made {
  readonly bridge?: DraftBridge;
  readonly notes: readonly Note[];
}

function importSection(section: Section, local: string, options: ImportOptions): Made {
  const { head, directives } = section;
  const settings = settingsOf(section);
  const name = objectNameOf(options.name ?? head.value);
  const remote = remoteEndpoint(head, settings);
  const topics = importTopics(
    directives.filter((directive) => directive.name === 'topic'),
    { levels: options.levels, neverRetain: !settings.flag('bridge_outgoing_retain', true) },
  );
  const credentials = credentialsOf(settings, name, options.namespace);
  const notes = [
    ...directiveNotes(section),
    ...nameNotes(head, name),
    ...remote.notes,
    ...topics.notes,
    ...credentials.notes,
    ...silentNotes(section, settings, local),
  ];
  // A connector of half a section would look as if it were the whole.
  if (notes.some(({ kind }) => kind === 'error')) return { notes };
  const metadata = { name, ...(options.namespace === undefined ? {} : { namespace: options.namespace }) };
  const spec: ConnectorInput['spec'] = {
    protocol: settings.text('bridge_protocol_version') === 'mqttv50' ? 'v5' : 'v3',
    clientIdPrefix: (settings.text('remote_clientid', 'clientid') ?? name).slice(0, 100),
    // One remote session for all routes, as Mosquitto has it.
    remoteSessions: 'perInstance',
    session: sessionOf(settings),
    localBrokerConnection: { endpoint: local, tls: { tlsEnabled: false }, authentication: credentials.local },
    remoteBrokerConnection: { endpoint: remote.endpoint, tls: credentials.tls, authentication: credentials.remote },
  };
  const connector = { apiVersion: API_VERSION, kind: 'MqttBridgeConnector', metadata, spec } as const;
  const topicMap = {
    apiVersion: API_VERSION,
    kind: 'MqttBridgeTopicMap',
    metadata: { ...metadata, name: `${name}-topics` },
    spec: { mqttBridgeConnectorRef: name, routes: topics.routes },
  } as const;
  const bridge: DraftBridge = {
    place: head,
    connector: { value: connector, remarks: connectorRemarks(settings) },
    topicMaps: [{ value: topicMap, remarks: [] }],
    commands: credentials.commands,
  };
  return { bridge, notes };
}

function sessionOf(settings: Settings): ConnectorInput['spec']['session'] {
  const clean = settings.flag('cleansession', false);
  const keepAliveSeconds = settings.number('keepalive_interval', 5, 65_535);
  const maxInflightMessages = settings.number('bridge_receive_maximum', 1, 65_535);
  const maxPacketBytes = settings.number('bridge_max_packet_size', 0, 268_435_455);
  return {
    expirySeconds: clean ? 0 : (settings.number('bridge_session_expiry_interval', 0, FOR_EVER) ?? FOR_EVER),
    ...(keepAliveSeconds === undefined ? {} : { keepAliveSeconds }),
    ...(maxInflightMessages === undefined ? {} : { maxInflightMessages }),
    ...(maxPacketBytes ? { maxPacketBytes: Math.max(maxPacketBytes, 1024) } : {}),
  };
}

function remoteEndpoint(head: Directive, settings: Settings): { readonly endpoint: string; readonly notes: Note[] } {
  const directive = settings.find('address', 'addresses');
  if (directive === undefined) {
    const why = 'the section has no address';
    return {
      endpoint: '',
      notes: [noteAt(head, 'error', { what: `connection ${head.value}`, why, advice: 'add the address' })],
    };
  }
  const [first = '', ...others] = wordsOf(directive);
  const endpoint = withPort(first);
  const parsed = parseEndpoint(endpoint);
  // Credentials do not belong there, which keeps nobody from writing them.
  const what = directive.value.includes('@') ? directive.name : `${directive.name} ${directive.value}`;
  if (!parsed.ok) {
    const note = noteAt(directive, 'error', { what, why: parsed.fault, advice: 'write host:port' });
    return { endpoint, notes: [note] };
  }
  if (others.length === 0) return { endpoint, notes: [] };
  const why = `a connector has one remote endpoint: ${others.join(', ')} left out`;
  const advice = 'use a name or load balancer that leads to a broker that works';
  return { endpoint, notes: [noteAt(directive, 'notCarried', { what, why, advice })] };
}

/** Mosquitto takes what follows the last colon for the port, and 1883 when there is none. */
function withPort(address: string): string {
  const colon = address.lastIndexOf(':');
  if (colon === -1) return `${address}:1883`;
  const host = address.slice(0, colon);
  return host.includes(':') && !host.startsWith('[') ? `[${host}]${address.slice(colon)}` : address;
}

function nameNotes(head: Directive, name: string): Note[] {
  if (head.value === '') {
    const why = 'the connection has no name';
    return [noteAt(head, 'error', { what: 'connection', why, advice: 'write connection NAME' })];
  }
  if (head.value === name) return [];
  const why = `the resource is called ${name}: names have lower-case letters, digits and "-"`;
  return [noteAt(head, 'changed', { what: `connection ${head.value}`, why, advice: 'choose another one with --name' })];
}

/** What a section does without saying it. */
function silentNotes({ head }: Section, settings: Settings, local: string): Note[] {
  const what = `connection ${head.value}`;
  const notes = [
    noteAt(head, 'changed', {
      what,
      why: `Mosquitto's bridge is part of the local broker; the agent connects to it as a client, at ${local}`,
      advice: 'set localBrokerConnection to where the agent reaches that broker, and let it in there',
    }),
  ];
  if (settings.find('notifications') === undefined) {
    notes.push(
      noteAt(head, 'notCarried', {
        what: `${what}, notifications`,
        why: 'Mosquitto published whether the bridge is connected, the agent publishes no topic about its state',
        advice: 'look at /readyz, /status and /metrics of the agent, or at mqttbridge health',
      }),
    );
  }
  if (settings.text('bridge_protocol_version') === 'mqttv31') {
    notes.push(
      noteAt(head, 'changed', {
        what: 'bridge_protocol_version mqttv31',
        why: 'the agent speaks MQTT 3.1.1 and 5',
        advice: 'see whether the remote broker takes 3.1.1; every one of the last ten years does',
      }),
    );
  }
  return notes;
}

function connectorRemarks(settings: Settings): Remark[] {
  const remarks: Remark[] = [
    {
      path: ['spec', 'localBrokerConnection'],
      text: 'DECIDE: where the agent reaches the broker whose bridge this was, and how it logs on there',
    },
  ];
  if (settings.find('bridge_psk', 'bridge_identity')) {
    const text = 'DECIDE: pre-shared keys are not carried; the broker needs another way to let the agent in';
    remarks.push({ path: ['spec', 'remoteBrokerConnection', 'authentication'], text });
  }
  return remarks;
}
