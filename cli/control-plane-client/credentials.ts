import { readFile } from 'node:fs/promises';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import { UsageError } from '../usage-error.ts';

/** Proves who asks. */
export interface Credentials {
  /** What follows `Bearer `; asked for again with every request, so that a key may be replaced meanwhile. */
  token(): Promise<string>;
}

// What a header can carry: token68 of RFC 9110, and a little more.
const KEY = /^[\x21-\x7e]{8,8192}$/;

/** The key in a file, which may end with a line break. */
export function keyFileCredentials(file: string): Credentials {
  return {
    async token() {
      const key = (await readKey(file)).trim();
      if (!KEY.test(key))
        throw new UsageError(`${file} does not hold a key`, 'put one line with the key into the file');
      return key;
    },
  };
}

async function readKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new UsageError(`cannot read the key file ${file}: ${reason}`, 'name a file that can be read');
  }
}

/** Part of a credential of @azure/identity. */
export interface AzureCredential {
  getToken(scope: string): Promise<{ readonly token: string } | null>;
}

/** A Microsoft Entra token of whoever is logged on here with `az login`, or of this machine's or workload's identity. */
export function entraCredentials(
  audience: string,
  open: () => Promise<AzureCredential> = azureCredential,
): Credentials {
  let opened: Promise<AzureCredential> | undefined;
  return {
    async token() {
      opened ??= open();
      try {
        const answer = await (await opened).getToken(`${audience.replace(/\/$/, '')}/.default`);
        if (answer !== null) return answer.token;
      } catch (error) {
        throw noToken(audience, error instanceof Error ? error.message : String(error));
      }
      throw noToken(audience, 'nobody is logged on');
    },
  };
}

async function azureCredential(): Promise<AzureCredential> {
  const { AzureCliCredential, ChainedTokenCredential, DefaultAzureCredential } = await import('@azure/identity');
  return new ChainedTokenCredential(new AzureCliCredential(), new DefaultAzureCredential());
}

function noToken(audience: string, why: string): CommandError {
  const [first = ''] = why.split('\n');
  return new CommandError(`there is no Microsoft Entra token for ${audience}: ${first}`, {
    advice: 'az login, and --audience with the application ID URI of the control plane',
    exitCode: EXIT.runtime,
  });
}
