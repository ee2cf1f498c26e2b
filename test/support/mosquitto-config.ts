/** PEM texts of a TLS listener. */
interface TlsListener {
  /** Server certificate, intermediates after it. */
  readonly certificate: string;
  readonly key: string;
  /** Whom to believe about clients; with it every client must show a certificate. */
  readonly clientCa?: string;
  /** Take the common name of a client's certificate as its user name. */
  readonly nameClients?: boolean;
  /** `tlsv1.2` or `tlsv1.3`; the build's default otherwise. */
  readonly version?: string;
}

/** What a Mosquitto under test is asked to be. */
export interface MosquittoOptions {
  /** `max_inflight_messages`, Mosquitto's default (20) otherwise; 0 = no limit. */
  readonly maxInflight?: number;
  /** `max_queued_messages`, 0 (no limit) unless told. */
  readonly maxQueued?: number;
  /**
   * Keep sessions over a restart. A number saves after that many changes, so that SIGKILL loses little; but Mosquitto
   * acknowledges before it saves, so only `save()` before the kill makes sure.
   */
  readonly persistence?: boolean | number;
  /** User names and passwords; without them anybody may connect. */
  readonly users?: Readonly<Record<string, string>>;
  /** Also listen with TLS, on `tlsPort`. */
  readonly tls?: TlsListener;
  /** Also listen for WebSockets on `wsPort` (and, with `tls`, on `wssPort`). */
  readonly websockets?: boolean;
  /** Log every packet; costs much at high rates. */
  readonly debug?: boolean;
  /** Blocks starting with `connection NAME`, in Mosquitto's own words. */
  readonly bridges?: readonly string[];
  /** More global lines, in Mosquitto's own words. */
  readonly config?: string;
}

/** Ports of one Mosquitto, undefined where such a listener was not asked for. */
export interface MosquittoPorts {
  readonly port: number;
  readonly tlsPort: number | undefined;
  readonly wsPort: number | undefined;
  readonly wssPort: number | undefined;
}

/** Writes the configuration file's text for a broker whose files live in `dir`. */
export function mosquittoConfig(dir: string, ports: MosquittoPorts, options: MosquittoOptions): string {
  return [...globalLines(dir, options), ...listenerLines(dir, ports, options), ...(options.bridges ?? []), ''].join(
    '\n',
  );
}

function globalLines(dir: string, options: MosquittoOptions): string[] {
  const { persistence = false, maxInflight, maxQueued = 0, users, debug = false, config } = options;
  const lines = [
    'per_listener_settings false',
    'log_dest stderr',
    `log_type ${debug ? 'all' : 'notice'}`,
    ...(debug ? [] : ['log_type error', 'log_type warning', 'log_type information']),
    'connection_messages true',
    'set_tcp_nodelay true',
    `max_queued_messages ${maxQueued}`,
    `allow_anonymous ${users === undefined}`,
  ];
  // Started by root (containers, CI) it would become user `mosquitto`, who cannot read our folder.
  if (process.getuid?.() === 0) lines.push('user root');
  if (users) lines.push(`password_file ${dir}/passwords`);
  if (maxInflight !== undefined) lines.push(`max_inflight_messages ${maxInflight}`);
  if (persistence !== false) lines.push('persistence true', `persistence_location ${dir}/`);
  if (typeof persistence === 'number') lines.push('autosave_on_changes true', `autosave_interval ${persistence}`);
  if (config) lines.push(config);
  return lines;
}

function listenerLines(dir: string, ports: MosquittoPorts, { tls }: MosquittoOptions): string[] {
  const lines: string[] = [];
  const listen = (port: number | undefined, secure: boolean, websockets: boolean) => {
    if (port === undefined) return;
    lines.push(`listener ${port} 127.0.0.1`);
    if (websockets) lines.push('protocol websockets');
    if (secure && tls) lines.push(...tlsLines(dir, tls));
  };
  listen(ports.port, false, false);
  listen(ports.tlsPort, true, false);
  listen(ports.wsPort, false, true);
  listen(ports.wssPort, true, true);
  return lines;
}

function tlsLines(dir: string, tls: TlsListener): string[] {
  const lines = [`certfile ${dir}/server.crt`, `keyfile ${dir}/server.key`];
  if (tls.clientCa) lines.push(`cafile ${dir}/client-ca.crt`, 'require_certificate true');
  if (tls.nameClients) lines.push('use_identity_as_username true');
  if (tls.version) lines.push(`tls_version ${tls.version}`);
  return lines;
}
