import type { ConnectorHealth, Verdict } from '../shared/api/health.ts';
import { verdictSchema } from '../shared/api/health.ts';
import { CommandError } from './command-error.ts';
import type { ControlPlaneClient } from './control-plane-client/client.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { collectionOf, resourceLabel, splitOperands } from './control-plane-client/kinds.ts';
import { watch, watchExitCode } from './control-plane-client/watch.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { UsageError } from './usage-error.ts';
import { reasonLines } from './views/reasons.ts';
import { connectorOf } from './views/topic-maps-table.ts';

export interface WaitOptions extends ConnectionFlags {
  /** `condition=Ready` or `verdict=Healthy`. */
  readonly for: string;
  /** Seconds for all of it. */
  readonly timeout: number;
  readonly interval: number;
}

/** Seconds for one request; all of them together are bounded by the option. */
const REQUEST_TIMEOUT = 30;

/** `mqttbridge wait`: until a connector is as it should be with what is defined now; exit code 4 when it is not in time. */
export async function waitCommand(options: WaitOptions, io: Io, first?: string, second?: string): Promise<ExitCode> {
  const wanted = verdictIn(options.for);
  const name = connectorIn(first, second);
  const client = connect({ ...options, timeout: REQUEST_TIMEOUT }, io);
  let definedAt: string | undefined;
  let health: ConnectorHealth | undefined;
  const look = async (): Promise<boolean> => {
    definedAt ??= await lastDefinition(client, name);
    health = await client.connectorHealth(name);
    return health.verdict === wanted && isOf(health, definedAt);
  };
  const end = await watch({ interval: options.interval, timeout: options.timeout, look }, io);
  if (end === 'late') throw tooLate(name, health, options);
  if (end !== 'over') return watchExitCode(end);
  io.stdout.write(`${resourceLabel('MqttBridgeConnector', name)} condition met\n`);
  return EXIT.ok;
}

function verdictIn(text: string): Verdict {
  const [subject, value] = text.split('=', 2);
  if (subject === 'condition' && value === 'Ready') return 'Healthy';
  const verdict = verdictSchema.safeParse(value);
  if (subject === 'verdict' && verdict.success) return verdict.data;
  throw new UsageError(`"${text}" is nothing to wait for`, 'condition=Ready, or verdict=Healthy');
}

function connectorIn(first: string | undefined, second: string | undefined): string {
  const { kind = '', name } = splitOperands(first, second);
  if (name === undefined) return kind;
  if (collectionOf(kind) === 'connectors') return name;
  throw new UsageError('only a connector has a verdict', 'name the connector of the topic map');
}

/** When the connector or one of its topic maps was last changed, RFC 3339. */
async function lastDefinition(client: ControlPlaneClient, name: string): Promise<string> {
  const [connectors, topicMaps] = await Promise.all([client.list('connectors'), client.list('topicmaps')]);
  const connector = connectors.find((one) => one.name === name);
  if (connector === undefined) {
    throw new CommandError(`there is no ${resourceLabel('MqttBridgeConnector', name)} at site ${client.site}`, {
      advice: 'mqttbridge get connectors lists what there is',
      exitCode: EXIT.notFound,
    });
  }
  const maps = topicMaps.filter(({ resource }) => connectorOf(resource) === name);
  const times = [connector, ...maps].map(({ updatedAt }) => Date.parse(updatedAt));
  return new Date(Math.max(...times)).toISOString();
}

/** Whether a judgement is about what is defined now, and about agents that run it. */
function isOf({ judgedAt, desiredRevision, instances }: ConnectorHealth, definedAt: string): boolean {
  if (judgedAt === undefined || Date.parse(judgedAt) < Date.parse(definedAt)) return false;
  return desiredRevision === undefined || instances.every(({ revision }) => revision === desiredRevision);
}

function tooLate(
  name: string,
  health: ConnectorHealth | undefined,
  { for: wanted, timeout }: WaitOptions,
): CommandError {
  const label = resourceLabel('MqttBridgeConnector', name);
  const now = health === undefined ? 'of unknown health' : health.verdict;
  return new CommandError(`${wanted} is not true after ${timeout} s: ${label} is ${now}${asOf(health)}`, {
    advice: `mqttbridge describe connector ${name}`,
    exitCode: EXIT.timeout,
    details: reasonLines(health?.reasons ?? []),
  });
}

/** Agents that are behind make a verdict one of the past. */
function asOf(health: ConnectorHealth | undefined): string {
  const behind = health?.instances.filter(({ revision }) => revision !== health.desiredRevision) ?? [];
  if (behind.length === 0) return '';
  return `, and what is defined now does not run on instance ${behind.map(({ instance }) => instance).join(', ')}`;
}
