import type { Side } from '../../../shared/plan/types.ts';
import type { Problem } from '../../../shared/problem.ts';
import type { StatusCondition } from '../../../shared/resources/status.ts';
import { conditionsOf } from '../../observe/conditions.ts';
import { isSpare } from '../../observe/readiness.ts';
import { redactText } from '../../observe/redact.ts';
import type { AgentSnapshot, FaultSnapshot, RouteSnapshot, SessionSnapshot } from '../../observe/snapshot.ts';
import type { CredentialReason } from '../../session/credentials/credential-error.ts';

/** What is found of one condition, before it is known since when and of which generation. */
export interface Finding {
  readonly type: string;
  readonly status: StatusCondition['status'];
  readonly reason: string;
  readonly message: string;
}

type Unready = { readonly route: RouteSnapshot; readonly why: FaultSnapshot };

const MAX_TEXT = 1_000;
const SHOWN_PROBLEMS = 3;

/** What brokers say of credentials when a session logs on. */
type RefusedCredentials =
  | 'BadUserNameOrPassword'
  | 'NotAuthorized'
  | 'BadAuthenticationMethod'
  | 'ReauthenticationFailed'
  | 'TlsClientCertificateRejected';

const OF_CREDENTIALS: Readonly<Record<CredentialReason | 'CredentialsFailed' | RefusedCredentials, true>> = {
  BadUserNameOrPassword: true,
  NotAuthorized: true,
  BadAuthenticationMethod: true,
  ReauthenticationFailed: true,
  TlsClientCertificateRejected: true,
  CredentialsFailed: true,
  FolderNotConfigured: true,
  NameInvalid: true,
  FileMissing: true,
  FileUnreadable: true,
  FileTooLarge: true,
  OutsideMount: true,
  SecretKeyMissing: true,
  SecretInvalid: true,
  CertificateInvalid: true,
  KeyMismatch: true,
  CaInvalid: true,
  TokenEmpty: true,
  TokenInvalid: true,
  TokenTooLong: true,
  TokenExpired: true,
  TokenTimeout: true,
  TokenAudienceRefused: true,
  TokenFailed: true,
  IdentityUnreachable: true,
  TlsRequired: true,
  CertificateExpired: true,
  VaultUnreachable: true,
  VaultFailed: true,
  VaultThrottled: true,
  VaultLogOnFailed: true,
  VaultClientSecretRefused: true,
  VaultPrincipalUnknown: true,
  VaultDirectoryWrong: true,
  VaultForbidden: true,
  VaultPolicyDenied: true,
  VaultFirewallDenied: true,
  VaultItemNotFound: true,
  VaultItemDisabled: true,
  VaultKeyNotExportable: true,
};

/** The newest definition is taken or not; the message names rules, resources and paths. */
export function acceptedFinding({ config }: AgentSnapshot): Finding {
  const type = 'Accepted';
  if (config.rejected !== undefined) {
    const goesOn = config.revision === undefined ? 'Nothing runs.' : 'What ran before goes on.';
    return {
      type,
      status: 'False',
      reason: 'Invalid',
      message: cut(`${problemsText(config.rejected.problems)} ${goesOn}`),
    };
  }
  if (config.revision === undefined) return notStarted(type);
  return { type, status: 'True', reason: 'Accepted', message: 'The definition is valid and in force.' };
}

/** How the instance is by the definition in force. */
export function stateFindings(snapshot: AgentSnapshot, stopping: boolean): readonly Finding[] {
  return [
    sideFinding(snapshot, 'local', 'LocalConnected'),
    sideFinding(snapshot, 'remote', 'RemoteConnected'),
    credentialsFinding(snapshot),
    readyFinding(snapshot, stopping),
    ...conditionsOf(snapshot).map(({ type, fault }): Finding => ({ type, status: 'True', ...wordsOf(fault) })),
  ];
}

/** Routes that do not pass messages, and the best reason there is. */
export function unreadyRoutes(snapshot: AgentSnapshot): readonly Unready[] {
  const broken = firstFault(snapshot, 'remote') ?? firstFault(snapshot, 'local');
  const waiting = { reason: 'Connecting', message: 'Its sessions are connecting.' };
  return snapshot.routes.flatMap((route) => {
    const { fault, refusal, lanes } = route;
    if (lanes.ready === lanes.total && refusal === undefined) return [];
    return [{ route, why: fault ?? refusal ?? broken ?? waiting }];
  });
}

/** A fault as reason and message; what mends it is at the end, and nothing secret in it. */
export function wordsOf(
  { reason, message, fix }: FaultSnapshot,
  longest = MAX_TEXT,
): Pick<Finding, 'reason' | 'message'> {
  const text = redactText(message);
  const advice = fix === undefined ? '' : ` Try: ${redactText(fix)}`;
  const known = /^[A-Za-z]\w*$/.test(reason) ? reason.slice(0, 64) : 'Unknown';
  return { reason: known, message: cut(`${cut(text, Math.max(0, longest - advice.length))}${advice}`, longest) };
}

function sideFinding(snapshot: AgentSnapshot, side: Side, type: string): Finding {
  const idle = idleFinding(snapshot, type);
  if (idle !== undefined) return idle;
  const sessions = snapshot.sessions.filter((session) => session.side === side);
  const connected = sessions.filter(isConnected).length;
  if (sessions.length > 0 && connected === sessions.length) {
    return { type, status: 'True', reason: 'Connected', message: 'All sessions are connected.' };
  }
  const fault = firstFault(snapshot, side);
  if (fault !== undefined) return { type, status: 'False', ...wordsOf(fault) };
  return { type, status: 'Unknown', reason: 'Connecting', message: 'Not all sessions have connected yet.' };
}

function credentialsFinding(snapshot: AgentSnapshot): Finding {
  const type = 'CredentialsValid';
  const idle = idleFinding(snapshot, type);
  if (idle !== undefined) return idle;
  const fault = snapshot.sessions.find((session) => !isConnected(session) && isOfCredentials(session.fault))?.fault;
  if (fault !== undefined) return { type, status: 'False', ...wordsOf(fault) };
  const rejected = [...snapshot.certificates, ...snapshot.tokens].find(
    (credential) => credential.rejected !== undefined,
  );
  if (rejected !== undefined) {
    const message = `What is in use works; there is newer material that does not (${rejected.side}): ${rejected.rejected}`;
    return { type, status: 'True', ...wordsOf({ reason: 'RenewalFailed', message }) };
  }
  return { type, status: 'True', reason: 'CredentialsValid', message: 'Nothing speaks against the credentials.' };
}

function readyFinding(snapshot: AgentSnapshot, stopping: boolean): Finding {
  const type = 'Ready';
  if (stopping) {
    const message = 'The instance was told to end: it takes nothing new and finishes what is in flight.';
    return { type, status: 'False', reason: 'Stopping', message };
  }
  const idle = idleFinding(snapshot, type);
  if (idle !== undefined) return { ...idle, status: idle.status === 'True' ? 'True' : 'False' };
  const unready = unreadyRoutes(snapshot);
  const [first] = unready;
  if (first === undefined) return { type, status: 'True', reason: 'Ready', message: 'All routes pass messages.' };
  const { length: total } = snapshot.routes;
  const { topicMap, route } = first.route;
  const { reason, message } = wordsOf(first.why, 700);
  const text = `${total - unready.length} of ${total} routes pass messages; ${topicMap}/${route}: ${reason}: ${message}`;
  return { type, status: 'False', reason: 'RoutesNotReady', message: cut(text) };
}

/** Why there is nothing to say of sessions and routes. */
function idleFinding(snapshot: AgentSnapshot, type: string): Finding | undefined {
  if (snapshot.config.revision === undefined) return notStarted(type);
  if (isSpare(snapshot)) {
    return { type, status: 'True', reason: 'Spare', message: 'Other instances run all routes; this one stands by.' };
  }
  if (snapshot.routes.length > 0) return undefined;
  if (snapshot.instances?.standing === 'apart') return apartFinding(snapshot.instances.fault, type);
  return { type, status: 'Unknown', reason: 'NoRoutes', message: 'There are no routes to run.' };
}

/** Slots, and with them routes, come to an instance only once it has been heard at the local broker. */
function apartFinding(fault: FaultSnapshot | undefined, type: string): Finding {
  const isAbout = type === 'LocalConnected' || type === 'Ready';
  if (fault !== undefined && (isAbout || (type === 'CredentialsValid' && isOfCredentials(fault)))) {
    return { type, status: 'False', ...wordsOf(fault) };
  }
  const message = 'Nothing else connects before this instance has been heard at the local broker.';
  return { type, status: 'Unknown', reason: 'Connecting', message };
}

function notStarted(type: string): Finding {
  return { type, status: 'Unknown', reason: 'NotStarted', message: 'No definition is in force yet.' };
}

function isConnected({ state }: SessionSnapshot): boolean {
  return state === 'connected';
}

function firstFault({ sessions }: AgentSnapshot, side: Side): FaultSnapshot | undefined {
  return sessions.find((session) => session.side === side && !isConnected(session) && session.fault)?.fault;
}

function isOfCredentials(fault: FaultSnapshot | undefined): boolean {
  return fault !== undefined && Object.hasOwn(OF_CREDENTIALS, fault.reason);
}

function problemsText(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const first = errors.slice(0, SHOWN_PROBLEMS).map(({ rule, file, path, message, advice }) => {
    const place = path === '' ? file : `${file} ${path}`;
    return `${rule} ${shown(place, 200)}: ${shown(message, 200)} Try: ${shown(advice, 120)}`;
  });
  const hidden = errors.length - first.length;
  return `${first.join('; ')}${hidden > 0 ? `; and ${hidden} more` : ''}.`;
}

function shown(text: string, longest: number): string {
  return cut(redactText(text), longest);
}

/** What is no whole character does not come back from the API server as it was sent. */
function cut(text: string, longest = MAX_TEXT): string {
  return (text.length <= longest ? text : `${text.slice(0, Math.max(0, longest - 1))}…`).toWellFormed();
}
