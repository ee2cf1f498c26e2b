import { type Command, Option } from 'commander';
import { UsageError } from '../usage-error.ts';
import type { Add } from './add.ts';

/** `emulator`. */
export function addEmulator(program: Command, add: Add): void {
  const profile = new Option('--profile <name>', 'which service, and as of when')
    .choices(['eventgrid', 'eventgrid-2026', 'eventgrid-2023'])
    .default('eventgrid');
  add(
    program
      .command('emulator')
      .description("Be a broker that behaves as Event Grid's, with its limits, until told to stop.")
      .addOption(profile)
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <port>', 'port, 0 for a free one (default: 1883, with TLS 8883)', port)
      .option('--web-socket-port <port>', 'port for MQTT over WebSocket at path /mqtt (default: none)', port)
      .option('--tls-cert <file>', 'certificate of the server with its chain, PEM; without it there is no TLS')
      .option('--tls-key <file>', 'its private key, PEM')
      .option('--config <file>', 'clients, topic spaces, permissions and limits, YAML or JSON'),
    async (options, io) => (await import('../emulator.ts')).emulatorCommand(options as never, io),
  );
}

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`"${text}" is not a port`, 'ports are 0 to 65535');
}
