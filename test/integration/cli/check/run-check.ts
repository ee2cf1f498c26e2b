import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CheckReport, checkReportSchema, type Finding } from '../../../../cli/check/report-schema.ts';
import { type BridgeConfig, bridgeYaml } from '../../../support/bridge-config.ts';
import { type Child, startChild } from '../../../support/child.ts';
import { folderOf } from '../../../unit/cli/sample-config.ts';

const MAIN = resolve(import.meta.dirname, '../../../../cli/main.ts');

/** What one `mqttbridge check` process ended with. */
export interface Checked {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a check. */
export interface CheckSetting {
  readonly args?: readonly string[];
  /** The whole environment: nothing of this one. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `mqttbridge check` as a process of its own on the files of a folder. */
export async function start(folder: string, { args = [], env = {} }: CheckSetting = {}): Promise<Child> {
  const child = await startChild(process.execPath, [MAIN, 'check', '-f', folder, ...args], { env });
  onTestFinished(async () => {
    await child.end('SIGKILL');
  });
  return child;
}

/** Runs it to its end. */
export async function execute(folder: string, setting?: CheckSetting): Promise<Checked> {
  const child = await start(folder, setting);
  const { code } = await child.exit;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

/** A check's exit code and its report, which has the form that is promised. */
export interface Reported extends Checked {
  readonly report: CheckReport;
  /** The findings of a check, of one side when named. */
  readonly of: (check: Finding['check'], side?: Finding['side']) => readonly Finding[];
}

/** Checks the bridge of a configuration. */
export async function check(config: BridgeConfig, setting: CheckSetting = {}): Promise<Reported> {
  return reported(await folderOf({ 'bridge.yaml': bridgeYaml(config) }), setting);
}

/** Checks the files of a folder. */
export async function reported(folder: string, setting: CheckSetting = {}): Promise<Reported> {
  const checked = await execute(folder, { ...setting, args: ['-o', 'json', ...(setting.args ?? [])] });
  if (checked.stdout === '') throw new Error(`nothing was printed; standard error: ${checked.stderr}`);
  const report = checkReportSchema.parse(JSON.parse(checked.stdout));
  const all = [...report.configuration, ...report.connectors.flatMap(({ findings }) => findings)];
  return {
    ...checked,
    report,
    of: (name, side) => all.filter((one) => one.check === name && (side === undefined || one.side === side)),
  };
}
