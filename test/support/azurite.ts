import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import type { Scope } from './scope.ts';
import { createTempDir } from './temp-dir.ts';

/** Azurite's account, which everybody knows. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** What Azurite is to be. */
export interface AzuriteOptions {
  /** Files of a certificate and its key for 127.0.0.1: HTTPS, and tokens (of which only the form is checked) are taken. */
  readonly certificate?: { readonly certFile: string; readonly keyFile: string };
}

/** Tables of Azurite, empty. */
export interface Azurite {
  /** Endpoint of the account, to be used with a token. */
  readonly endpoint: string;
  /** With the account's key. */
  readonly connectionString: string;
}

/** Starts the tables of Azurite in a process of its own, kept in memory; resolves when it answers, ends with the scope. */
export async function startAzurite(scope: Scope, { certificate }: AzuriteOptions = {}): Promise<Azurite> {
  const port = await freePort();
  const main = fileURLToPath(import.meta.resolve('azurite/dist/src/table/main.js'));
  const args = ['--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'];
  const tls = certificate ? ['--cert', certificate.certFile, '--key', certificate.keyFile, '--oauth', 'basic'] : [];
  const place = ['--tableHost', '127.0.0.1', '--tablePort', String(port)];
  const cwd = await createTempDir(scope, 'azurite');
  const child = await startChild(process.execPath, [main, ...args, ...tls, ...place], { cwd });
  scope.onTestFinished(async () => void (await child.end('SIGKILL')));
  await eventually(() => child.stdout().includes('successfully started'), {
    deadlineMs: 25_000,
    describe: () => `running: ${child.running()}\n${child.stdout()}\n${child.stderr()}`,
  });
  const endpoint = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}/${ACCOUNT}`;
  const parts = { AccountName: ACCOUNT, AccountKey: KEY, TableEndpoint: endpoint };
  const protocol = `DefaultEndpointsProtocol=${certificate ? 'https' : 'http'};`;
  return {
    endpoint,
    connectionString:
      protocol +
      Object.entries(parts)
        .map(([name, value]) => `${name}=${value};`)
        .join(''),
  };
}
