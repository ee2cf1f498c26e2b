/** What becomes of a directive of Mosquitto's bridges. */
export interface DirectiveRow {
  readonly outcome: 'carried' | 'changed' | 'notCarried';
  /** Field it ends up in, or why it does not, or how that differs. */
  readonly why: string;
  readonly advice: string;
  /** Values with which nothing is lost. */
  readonly harmless?: readonly string[];
  /** Its value must not be shown. */
  readonly secret?: true;
}

const carried = (why: string): DirectiveRow => ({ outcome: 'carried', why, advice: '' });
const changed = (why: string, advice: string, harmless?: readonly string[]): DirectiveRow => ({
  outcome: 'changed',
  why,
  advice,
  ...(harmless && { harmless }),
});
const left = (why: string, advice: string, harmless?: readonly string[]): DirectiveRow => ({
  outcome: 'notCarried',
  why,
  advice,
  ...(harmless && { harmless }),
});

const YES = ['true', '1'];
const NO = ['false', '0'];
const NO_LAZY = 'the agent is always connected';
const NO_STATE = 'the agent publishes no topic about its state';
const ASK_STATE = 'look at /readyz, /status and /metrics of the agent, or at mqttbridge health';
const TUNED = 'remove the line, the agent needs no tuning here';

/** Every directive that Mosquitto 2.0 takes in a bridge section, the old spellings with it. */
export const DIRECTIVES: ReadonlyMap<string, DirectiveRow> = new Map<string, DirectiveRow>([
  ['connection', carried('metadata.name')],
  ['address', carried('remoteBrokerConnection.endpoint')],
  ['addresses', carried('remoteBrokerConnection.endpoint')],
  ['topic', carried('routes')],
  ['bridge_protocol_version', carried('protocol')],
  ['cleansession', carried('session.expirySeconds')],
  [
    'local_cleansession',
    left('one setting holds for the sessions at both brokers', 'set session.expirySeconds as both need it'),
  ],
  ['keepalive_interval', carried('session.keepAliveSeconds')],
  ['remote_username', carried('the Secret of usernamePassword')],
  ['username', carried('the Secret of usernamePassword')],
  ['remote_password', { ...carried('the Secret of usernamePassword'), secret: true }],
  ['password', { ...carried('the Secret of usernamePassword'), secret: true }],
  ['local_username', carried('the Secret of usernamePassword')],
  ['local_password', { ...carried('the Secret of usernamePassword'), secret: true }],
  [
    'remote_clientid',
    changed(
      'it becomes clientIdPrefix, and every session adds its own name to it, at both brokers',
      'where a broker permits topics or limits sessions by client ID, permit the new ones: mqttbridge check shows them',
    ),
  ],
  [
    'clientid',
    changed(
      'it becomes clientIdPrefix, as remote_clientid does',
      'permit the new client IDs where brokers ask for them',
    ),
  ],
  [
    'local_clientid',
    left(
      'the sessions at both brokers have the same prefix',
      'permit the new client IDs where the local broker asks for them',
    ),
  ],
  ['bridge_cafile', carried('remoteBrokerConnection.tls.trustedCaCertificateConfigMap')],
  ['bridge_capath', carried('remoteBrokerConnection.tls.trustedCaCertificateConfigMap')],
  ['bridge_tls_use_os_certs', carried('remoteBrokerConnection.tls.tlsEnabled')],
  ['bridge_certfile', carried('the Secret of x509')],
  ['bridge_keyfile', carried('the Secret of x509')],
  [
    'bridge_insecure',
    left(
      'the agent always checks that a certificate is made for the host it connects to',
      'put the name that is in the certificate into endpoint, or have a certificate made for the right one',
      NO,
    ),
  ],
  [
    'bridge_alpn',
    left(
      'the agent offers no ALPN protocol',
      'let the broker serve MQTT on a port of its own, or use protocol: webSocket',
    ),
  ],
  ['bridge_identity', left('the agent has no TLS with pre-shared keys', 'use a client certificate or a password')],
  [
    'bridge_psk',
    { ...left('the agent has no TLS with pre-shared keys', 'use a client certificate or a password'), secret: true },
  ],
  [
    'bridge_require_ocsp',
    left('the agent does not ask for OCSP', 'rely on certificates of short life, which it replaces while it runs', NO),
  ],
  [
    'bridge_tls_version',
    changed('the agent takes TLS 1.2 or later, whichever the broker has', TUNED, ['tlsv1.2', 'tlsv1.3']),
  ],
  ['bridge_ciphers', left('the agent uses the ciphers of its TLS library', TUNED)],
  ['bridge_tls1.3_ciphers', left('the agent uses the ciphers of its TLS library', TUNED)],
  [
    'bridge_max_packet_size',
    changed(
      'session.maxPacketBytes bounds what the agent takes from either broker',
      'see whether larger messages come from the remote broker',
    ),
  ],
  ['bridge_receive_maximum', carried('session.maxInflightMessages')],
  ['bridge_session_expiry_interval', carried('session.expirySeconds')],
  ['bridge_max_topic_alias', left('the agent uses no topic aliases', TUNED)],
  ['bridge_outgoing_retain', carried('routes[].retain')],
  ['bridge_attempt_unsubscribe', left('the agent ends the subscriptions it no longer has by itself', TUNED, NO)],
  [
    'bridge_bind_address',
    left('the agent connects from any address of its machine', 'choose the address by the routes of the network'),
  ],
  ['bridge_tcp_keepalive', left('the agent notices a dead connection by MQTT pings', 'lower keepAliveSeconds instead')],
  [
    'bridge_tcp_user_timeout',
    left('the agent notices a dead connection by MQTT pings', 'lower keepAliveSeconds instead'),
  ],
  ['bridge_reload_type', left('the agent applies a changed definition while it runs', TUNED)],
  [
    'restart_timeout',
    left(
      'the agent tries again after growing, jittered times of its own',
      'nothing; a broker that comes back is found within a minute',
    ),
  ],
  [
    'round_robin',
    left('a connector has one remote endpoint', 'use a name or load balancer that leads to a broker that works', NO),
  ],
  ['start_type', left(NO_LAZY, 'nothing, or run it only when it is wanted', ['automatic'])],
  ['idle_timeout', left(NO_LAZY, TUNED)],
  ['threshold', left(NO_LAZY, TUNED)],
  ['notifications', left(NO_STATE, ASK_STATE, NO)],
  ['notifications_local_only', left(NO_STATE, ASK_STATE, NO)],
  ['notification_topic', left(NO_STATE, ASK_STATE)],
  [
    'try_private',
    left(
      'the agent does not say that it is a bridge; with MQTT 5 it ends loops by counting hops',
      'nothing with MQTT 5; with 3.1.1 give both directions different topics',
      NO,
    ),
  ],
]);

/** Directives that say something about the broker wherever they stand, also below a `connection`. */
export const BROKER_DIRECTIVES: ReadonlySet<string> = new Set(
  (
    'acl_file accept_protocol_versions allow_anonymous allow_duplicate_messages allow_zero_length_clientid auth_plugin ' +
    'auth_plugin_deny_special_chars auto_id_prefix autosave_interval autosave_on_changes bind_address bind_interface cafile ' +
    'capath certfile check_retain_source ciphers ciphers_tls1.3 clientid_prefixes connection_messages crlfile dhparamfile ' +
    'http_dir include_dir keyfile listener log_dest log_facility log_timestamp log_timestamp_format log_type ' +
    'max_connections max_inflight_bytes max_inflight_messages max_keepalive max_packet_size max_qos max_queued_bytes ' +
    'max_queued_messages max_topic_alias memory_limit message_size_limit mount_point password_file ' +
    'per_listener_settings persistence persistence_file persistence_location persistent_client_expiration pid_file ' +
    'plugin plugin_load plugin_use port protocol psk_file psk_hint queue_qos0_messages require_certificate ' +
    'retain_available retain_expiry_interval retry_interval set_tcp_nodelay socket_domain store_clean_interval ' +
    'sys_interval tls_engine tls_engine_kpass_sha1 tls_keyform tls_version upgrade_outgoing_qos ' +
    'use_identity_as_username use_subject_as_username use_username_as_clientid user websockets_headers_size ' +
    'websockets_log_level global_plugin enable_control_api global_max_clients global_max_connections'
  ).split(' '),
);

/** Whether a value of a directive loses nothing by being left out. */
export function isHarmless({ harmless }: DirectiveRow, value: string): boolean {
  return harmless?.includes(value.toLowerCase()) ?? false;
}

/** What Mosquitto reads a truth value as; undefined when it refuses it. */
export function boolOf(value: string): boolean | undefined {
  if (YES.includes(value)) return true;
  return NO.includes(value) ? false : undefined;
}
