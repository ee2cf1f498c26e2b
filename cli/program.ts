import { Command, CommanderError } from 'commander';
import type { LoadAgent } from './agent-port.ts';
import { CommandError } from './command-error.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import type { Add } from './program/add.ts';
import { addCheck } from './program/check.ts';
import { addControlPlaneVerbs } from './program/control-plane-verbs.ts';
import { addControlPlane } from './program/control-plane.ts';
import { addEmulator } from './program/emulator.ts';
import { addImport } from './program/importers.ts';
import { addOperator } from './program/operator.ts';
import { addReaders } from './program/readers.ts';
import { addRunners } from './program/runners.ts';
import { addSupportBundle } from './program/support-bundle.ts';
import { packageVersion } from './version.ts';

/** Runs one command line (without the program's own name) and says what to exit with; throws only on a defect. */
export async function runCli(argv: readonly string[], io: Io, loadAgent: LoadAgent): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = createProgram(io, loadAgent, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, io);
  }
}

type Report = (code: ExitCode) => void;

function createProgram(io: Io, loadAgent: LoadAgent, report: Report): Command {
  const program = new Command('mqttbridge')
    .description('Bridges two MQTT brokers as MqttBridgeConnector and MqttBridgeTopicMap resources say.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns,
      getErrHelpWidth: () => io.stderr.columns,
      getOutHasColors: () => io.stdout.isTTY && !io.env.NO_COLOR,
      getErrHasColors: () => io.stderr.isTTY && !io.env.NO_COLOR,
    })
    .showHelpAfterError('(run with --help for the options)')
    .helpCommand(true);
  const add: Add = (command, run) => {
    command.action(async () => report(await run(command.opts(), io, ...command.processedArgs.map(operandOf))));
  };
  addReaders(program, add);
  addImport(program, add);
  addCheck(program, add);
  addRunners(program, add, loadAgent);
  addControlPlaneVerbs(program, add);
  addControlPlane(program, add);
  addOperator(program, add);
  addEmulator(program, add);
  addSupportBundle(program, add);
  return program;
}

function operandOf(argument: unknown): string | undefined {
  return typeof argument === 'string' ? argument : undefined;
}

function failure(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandError) {
    io.stderr.write(`${error.details}error: ${error.message}\n  try: ${error.advice}\n`);
    return error.exitCode;
  }
  throw error;
}
