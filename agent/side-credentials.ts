import type { Side } from '../shared/plan/types.ts';
import type { Connector } from '../shared/resources/connector.ts';
import type { MountedFiles } from './config/mounted-files.ts';
import type { Logger } from './observe/logger.ts';
import { createCredentials, type Credentials } from './session/credentials/credentials.ts';
import { connectionSpecOf } from './session/credentials/spec.ts';

/** The credentials of both brokers; all sessions of a side share theirs. */
export type SideCredentials = Readonly<Record<Side, Credentials>>;

/** Remembers where a connector's credentials are; a bad change of mounted files is logged. */
export function createSideCredentials(
  connector: Connector,
  parts: { readonly files: MountedFiles; readonly logger: Logger },
): SideCredentials {
  const of = (side: Side): Credentials =>
    createCredentials(connectionSpecOf(connector, side), {
      files: parts.files,
      onRejected: ({ source, reason, message }) =>
        parts.logger.warn({ evt: 'CredentialsRejected', side, kind: source.kind, name: source.name, reason }, message),
    });
  return { local: of('local'), remote: of('remote') };
}
