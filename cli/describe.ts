import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { collectionOf, splitOperands } from './control-plane-client/kinds.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { UsageError } from './usage-error.ts';
import { type Description, descriptionText } from './views/description.ts';
import { connectorOf } from './views/topic-maps-table.ts';

export interface DescribeOptions extends ConnectionFlags {
  readonly output: OutputFormat;
}

const EVENTS = 10;

/** `mqttbridge describe`: everything about one connector, with what to do about what is wrong. */
export async function describeCommand(
  options: DescribeOptions,
  io: Io,
  first?: string,
  second?: string,
): Promise<ExitCode> {
  const { kind = '', name } = splitOperands(first, second);
  if (name === undefined || collectionOf(kind) !== 'connectors')
    throw new UsageError('a connector can be described', 'mqttbridge describe connector NAME');
  const client = connect(options, io);
  // Alone, since everything else is empty where there is no such connector.
  const connector = await client.get('connectors', name);
  const [topicMaps, health, events] = await Promise.all([
    client.list('topicmaps'),
    client.connectorHealth(name),
    client.events({ connector: name, limit: EVENTS }),
  ]);
  const description: Description = {
    site: client.site,
    connector,
    topicMaps: topicMaps.filter(({ resource }) => connectorOf(resource) === name),
    health,
    events: events.toReversed(),
  };
  await printData(io, options.output, {
    data: {
      apiVersion: 'mqttbridge/v1',
      kind: 'ConnectorDescription',
      ...description,
      topicMaps: description.topicMaps.map(({ resource }) => resource),
    },
    table: () => descriptionText(description, io.wallClock()),
  });
  return EXIT.ok;
}
