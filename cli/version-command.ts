import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { packageVersion } from './version.ts';

/** `mqttbridge version`: the version of this package. */
export async function versionCommand({ output }: { readonly output: OutputFormat }, io: Io): Promise<ExitCode> {
  const version = packageVersion();
  await printData(io, output, {
    data: { apiVersion: 'mqttbridge/v1', kind: 'Version', version },
    table: () => `${version}\n`,
  });
  return EXIT.ok;
}
