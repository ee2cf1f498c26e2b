import { watch } from 'node:fs';
import type { MountedFiles } from '../../config/mounted-files.ts';
import { CredentialError, readMounted } from './credential-error.ts';
import { expiryOf } from './jwt-claims.ts';
import { type LogOnSource, MAX_FIELD_BYTES } from './log-on-source.ts';
import { createRenewals } from './renewals.ts';
import type { WallClock } from './wall-clock.ts';

/** A service account token as Kubernetes projects it into a pod. */
export interface TokenFile {
  /** Absolute folder. */
  readonly secretPath: string;
  readonly serviceAccountTokenName: string;
}

/** MQTT 5 authentication method of the broker of Azure IoT Operations. */
const METHOD = 'K8S-SAT';
/** Notices get lost, and a folder that is mounted anew takes its watch along. */
const LOOK_EVERY_MS = 30_000;

/**
 * A service account token for enhanced authentication. While a connection lasts its folder is watched, and new bytes are
 * a new token; what cannot be read or is empty is none, since the token in use may be good for long.
 */
export function createServiceAccountToken(file: TokenFile, files: MountedFiles, clock: WallClock): LogOnSource {
  const renewals = createRenewals(METHOD, begin);

  async function look(): Promise<void> {
    renewals.offer(await readServiceAccountToken(file, files));
  }

  function begin(): () => void {
    let cancel: (() => void) | undefined;
    const lookAgain = (): void => {
      look().catch(() => undefined);
      cancel = clock.after(LOOK_EVERY_MS, lookAgain);
    };
    lookAgain();
    const close = watchFolder(file.secretPath, () => void look().catch(() => undefined));
    return () => {
      cancel?.();
      close();
    };
  }

  return {
    async load() {
      await look();
      return { enhanced: renewals.current };
    },
    token() {
      const expiresAt = renewals.current && expiryOf(renewals.current.data);
      return expiresAt === undefined ? undefined : { method: METHOD, expiresAt };
    },
    follow: (used, renewed) => renewals.follow(used, renewed),
  };
}

/** Reads the token, without the line end of an editor; rejects with CredentialError. */
export async function readServiceAccountToken(
  { secretPath, serviceAccountTokenName }: TokenFile,
  files: MountedFiles,
): Promise<Buffer> {
  const file = await readMounted(files.readFileBelow(secretPath, serviceAccountTokenName));
  const token = Buffer.from(file.toString('latin1').trim(), 'latin1');
  if (token.length === 0) {
    throw new CredentialError(
      'TokenEmpty',
      `The service account token in ${secretPath} is empty; check the projected volume of the pod.`,
    );
  }
  if (token.length > MAX_FIELD_BYTES) {
    throw new CredentialError(
      'TokenInvalid',
      `The service account token in ${secretPath} is longer than 65,535 bytes; mount the token there.`,
    );
  }
  return token;
}

/** The folder and not the file: Kubernetes swaps the `..data` link beside the file instead of touching it. */
function watchFolder(dir: string, changed: () => void): () => void {
  try {
    const watcher = watch(dir, { persistent: false }, changed);
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    // Not there just now: looking again finds it.
    return () => undefined;
  }
}
