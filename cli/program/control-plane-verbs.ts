import { type Command, Option } from 'commander';
import { parseDuration } from '../duration.ts';
import { OUTPUT_FORMATS } from '../output.ts';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';
import { addConnection, addServer, filename, output, seconds } from './options.ts';

const FILES = 'file or folder of *.yaml, *.yml, *.json; "-" for standard input; may be repeated';

const ROLES = ['Bridge.Read', 'Bridge.Write', 'Bridge.Agent', 'Bridge.Admin'];

/** Commands that ask a control plane. */
export function addControlPlaneVerbs(program: Command, add: Add): void {
  addWriters(program, add);
  addKeys(program, add);
  addReaders(program, add);
  addWatchers(program, add);
}

function addWriters(program: Command, add: Add): void {
  const apply = program
    .command('apply')
    .description('Define connectors and topic maps at the control plane: all documents of the files, or none.')
    .addOption(filename(FILES))
    .addOption(
      new Option(
        '--dry-run <where>',
        'change nothing: ask the server what would change, or only validate here',
      ).choices(['server', 'client']),
    )
    .addOption(output('table', [...OUTPUT_FORMATS, 'name']));
  add(addConnection(apply), async (options, io) => (await import('../apply.ts')).applyCommand(options as never, io));

  const remove = program
    .command('delete')
    .description('Delete a connector or topic map at the control plane, or those that files hold.')
    .argument('[kind]', 'connector (mbc), topicmap (mbtm) or grant')
    .argument('[name]', 'which one; KIND/NAME does as well')
    .addOption(filename(FILES).makeOptionMandatory(false))
    .option('--cascade', 'with a connector also the topic maps that refer to it')
    .option('--ignore-not-found', 'what is not there counts as deleted')
    .addOption(output('table', [...OUTPUT_FORMATS, 'name']));
  add(addConnection(remove), async (options, io, kind, name) =>
    (await import('../delete.ts')).deleteCommand(options as never, io, kind, name),
  );
}

function addKeys(program: Command, add: Add): void {
  const key = program
    .command('create-key')
    .description('Make a key for an agent, a person or a pipeline at one site, and write it to a new file.')
    .argument('[name]', 'name of its grant (default: a random one)')
    .addOption(new Option('--role <role>', 'what the bearer may do').choices(ROLES).default('Bridge.Agent'))
    .option('--connector <name>', 'the only connector that an agent with this key acts for')
    .requiredOption('--out <file>', 'file to write the key to, for its owner only; must not exist')
    .addOption(output());
  add(addConnection(key), async (options, io, name) =>
    (await import('../create-key.ts')).createKeyCommand(options as never, io, name),
  );
}

function addReaders(program: Command, add: Add): void {
  const get = program
    .command('get')
    .description('List what is defined at a site, and how it is; yaml and json can be applied again.')
    .argument('[kind]', 'connectors (mbc), topicmaps (mbtm), all, sites or grants', 'all')
    .argument('[name]', 'only this one; KIND/NAME does as well')
    .addOption(output('table', ['table', 'wide', 'json', 'yaml', 'name']));
  add(addConnection(addWatch(get)), async (options, io, kind, name) =>
    (await import('../get.ts')).getCommand(options as never, io, kind, name),
  );

  const describe = program
    .command('describe')
    .description('Say everything about a connector: definition, health with reasons and fixes, newest events.')
    .argument('<kind>', 'connector (mbc)')
    .argument('[name]', 'which one; KIND/NAME does as well')
    .addOption(output());
  add(addConnection(describe), async (options, io, kind, name) =>
    (await import('../describe.ts')).describeCommand(options as never, io, kind, name),
  );

  const diff = program
    .command('diff')
    .description('Say what apply would change, as a unified diff. Exit code 0: nothing, 1: something, more: an error.')
    .addOption(filename(FILES))
    .addOption(output());
  add(addConnection(diff), async (options, io) => (await import('../diff.ts')).diffCommand(options as never, io));
}

function addWatchers(program: Command, add: Add): void {
  const health = program
    .command('health')
    .description('Say how a site or a connector is, and why. Exit code 0: Healthy, 1: anything else.')
    .argument('[connector]', 'only this one, with its instances and routes')
    .addOption(output());
  add(addConnection(addWatch(health)), async (options, io, connector) =>
    (await import('../health.ts')).healthCommand(options as never, io, connector),
  );

  const events = program
    .command('events')
    .description('List what happened at a site, the oldest first.')
    .option('--connector <name>', 'only to this connector')
    .option('--since <time>', 'only what is not older, such as 30m, 1h, 7d', duration)
    .option('--limit <events>', 'at most so many of the newest', count, 100)
    .addOption(output());
  add(addConnection(addWatch(events)), async (options, io) =>
    (await import('../events.ts')).eventsCommand(options as never, io),
  );

  const wait = program
    .command('wait')
    .description('Wait until a connector is as it should be with what is defined now. Exit code 4: it was not in time.')
    .argument('<connector>', 'NAME, connector NAME or connector/NAME')
    .argument('[name]')
    .requiredOption('--for <what>', 'condition=Ready, or verdict=Healthy or another verdict')
    .option('--interval <seconds>', 'time between two looks', seconds, 2)
    .option('--timeout <time>', 'for all of it, such as 60s or 5m', duration, 60);
  add(addServer(wait), async (options, io, connector, name) =>
    (await import('../wait.ts')).waitCommand(options as never, io, connector, name),
  );
}

function addWatch(command: Command): Command {
  return command
    .option('-w, --watch', 'go on and print changes until Ctrl-C')
    .option('--interval <seconds>', 'time between two looks of --watch', seconds, 2);
}

function duration(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new UsageError(`"${text}" is not a time`, 'write it like 90s, 30m, 1h or 7d');
  return value;
}

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new UsageError(`"${text}" is not a number of events`, 'write it like 100');
}
