import { type Command, Option } from 'commander';
import type { Add } from './add.ts';
import { addConnection, filename, output } from './options.ts';

/** Commands that read configuration, or nothing at all, and print. */
export function addReaders(program: Command, add: Add): void {
  add(
    program
      .command('validate')
      .description('Check configuration files and print every problem.')
      .addOption(filename('file or folder of *.yaml, *.yml, *.json; "-" for standard input; may be repeated'))
      .addOption(output()),
    async (options, io) => (await import('../validate.ts')).validateCommand(options as never, io),
  );
  const explain = program
    .command('explain')
    .description('Say what happens to a message: routes that match, final topic, QoS, retain, and why not.')
    .addOption(
      filename(
        'file or folder; "-" for standard input; may be repeated (default: what the site has)',
      ).makeOptionMandatory(false),
    )
    .requiredOption('-t, --topic <topic>', 'topic of the message')
    .addOption(
      new Option('--direction <direction>', 'only routes of this direction').choices([
        'local-to-remote',
        'remote-to-local',
      ]),
    )
    .option('--connector <name>', 'only this connector')
    .addOption(output());
  add(addConnection(explain), async (options, io) =>
    (await import('../explain.ts')).explainCommand(options as never, io),
  );
  add(
    program
      .command('schema')
      .description('Print the JSON Schema of a resource, for editors.')
      .argument('[kind]', 'MqttBridgeConnector or MqttBridgeTopicMap; both when left out')
      .option('--crd', 'print the Kubernetes custom resource definition instead')
      .addOption(output('json')),
    async (options, io, kind) => (await import('../schema.ts')).schemaCommand({ ...options, kind } as never, io),
  );
  add(program.command('version').description('Print the version.').addOption(output()), async (options, io) =>
    (await import('../version-command.ts')).versionCommand(options as never, io),
  );
}
