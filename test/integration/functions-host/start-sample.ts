import { resolve } from 'node:path';
import { createFunctionsHost, type FunctionsHost, type HostOptions } from '../../../local/functions-host/host.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { recordingLogger, type RecordingLogger } from './recording-logger.ts';
import { createEngineDouble, type EngineDouble } from './engine-double.ts';

/** Folder of the sample app. */
export const SAMPLE_APP = resolve(import.meta.dirname, '../../support/functions-app');

/** The sample app, served. */
export interface Sample extends FunctionsHost {
  readonly logger: RecordingLogger;
  readonly engine: EngineDouble;
  readonly dataDir: string;
}

/** Serves the sample app on a free port until the scope ends; a process can do so once. */
export async function startSample(scope: Scope, options: Partial<HostOptions> = {}): Promise<Sample> {
  const dataDir = options.dataDir ?? (await createTempDir(scope, 'host'));
  const logger = recordingLogger();
  const engine = createEngineDouble();
  const host = await createFunctionsHost({
    appDir: SAMPLE_APP,
    dataDir,
    logger,
    engine: engine.create,
    setEnvironment: (variables) => void Object.assign(process.env, variables),
    ...options,
  }).start();
  scope.onTestFinished(() => host.stop(1_000));
  return { ...host, logger, engine, dataDir };
}
