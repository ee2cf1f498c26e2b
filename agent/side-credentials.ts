import { isDeepStrictEqual } from 'node:util';
import type { Side } from '../shared/plan/types.ts';
import type { Connector } from '../shared/resources/connector.ts';
import type { MountedFiles } from './config/mounted-files.ts';
import type { IdentityOptions } from './identity-options.ts';
import type { Logger } from './observe/logger.ts';
import { createCredentials, type Credentials } from './session/credentials/credentials.ts';
import { type ConnectionSpec, connectionSpecOf } from './session/credentials/spec.ts';

/** The credentials of both brokers; all sessions of a side share theirs. */
export type SideCredentials = Readonly<Record<Side, SharedCredentials>>;

/** Credentials, and what they were made from. */
interface SharedCredentials extends Credentials {
  readonly spec: ConnectionSpec;
}

/** What credentials are made with. */
export interface SideCredentialsParts {
  readonly files: MountedFiles;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly identity: IdentityOptions;
}

/**
 * Remembers where a connector's credentials are; a bad change of mounted files is logged. A side whose settings stay
 * the same keeps its credentials, and with them the last good certificate.
 */
export function createSideCredentials(
  connector: Connector,
  parts: SideCredentialsParts,
  former?: SideCredentials,
): SideCredentials {
  const { files, logger, random, identity: tokens } = parts;
  const of = (side: Side): SharedCredentials => {
    const spec = connectionSpecOf(connector, side);
    if (former && isDeepStrictEqual(former[side].spec, spec)) return former[side];
    former?.[side].close();
    const credentials = createCredentials(spec, {
      files,
      tokens,
      vaults: tokens.vaults,
      random,
      onRenewalFailed: ({ reason, message }) => logger.warn({ evt: 'TokenRenewalFailed', side, reason }, message),
      onRejected: ({ source, reason, message }) =>
        logger.warn({ evt: 'CredentialsRejected', side, kind: source.kind, name: source.name, reason }, message),
    });
    return { ...credentials, spec };
  };
  return { local: of('local'), remote: of('remote') };
}
