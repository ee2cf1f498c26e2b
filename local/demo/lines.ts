import type { AgentSnapshot, SessionSnapshot } from '../../agent/observe/snapshot.ts';
import type { ConnectorHealth } from '../../shared/api/health.ts';
import type { Books } from './books.ts';

/** One instance at one look. */
export interface InstanceLook {
  readonly instance: number;
  readonly running: boolean;
  /** Absent when it does not answer. */
  readonly status?: AgentSnapshot | undefined;
}

/** One line about an instance: whether it runs, and its session at the remote broker. */
export function instanceLine({ instance, running, status }: InstanceLook): string {
  const name = `instance ${instance}:`;
  if (!running) return `${name} not running`;
  if (status === undefined) return `${name} starting`;
  const remote = remoteOf(status);
  return `${name} ${remote.length === 0 ? 'no remote session' : remote.map(sessionText).join(', ')}`;
}

/** One line about what the control plane thinks of the connector. */
export function healthLine(health: ConnectorHealth | undefined): string {
  if (health === undefined) return 'control plane: no answer';
  const [first] = health.reasons;
  return `control plane: ${health.verdict}${first === undefined ? '' : ` (${first.reason}: ${first.message})`}`;
}

/** The books so far, in one line. */
export function booksLine(books: Books): string {
  const { sent, arrived, repeated } = books.accounts()[1];
  return `counted at the brokers, QoS 1: sent ${sent}, arrived ${arrived}, twice ${repeated}, under way ${books.missing()}`;
}

/** How it ended. What is missing is lost only if there was `time` for it to come. */
export function summary(books: Books, { seconds, time }: { readonly seconds: number; readonly time: boolean }): string {
  const { sent, arrived, repeated } = books.accounts()[1];
  const plain = books.accounts()[0];
  const rest = time ? `lost ${books.missing()}` : `under way ${books.missing()}`;
  return [
    `sent ${sent} messages at QoS 1 in ${seconds.toFixed(1)} s: arrived ${arrived}, twice ${repeated}, ${rest}`,
    `sent ${plain.sent} at QoS 0, which promises nothing: arrived ${plain.arrived}`,
  ].join('\n');
}

/** The sessions of an instance at the remote broker. */
export function remoteOf({ sessions }: Pick<AgentSnapshot, 'sessions'>): readonly SessionSnapshot[] {
  return sessions.filter(({ side }) => side === 'remote');
}

function sessionText({ state, fault, clientId }: SessionSnapshot): string {
  // The client ID of a slot ends in its number; what stands before is the same for all.
  const slot = /-(\d+)$/.exec(clientId)?.[1] ?? clientId;
  return `slot ${slot} ${state}${fault === undefined ? '' : ` (${fault.reason})`}`;
}
