import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseCLI, startVitest } from 'vitest/node';
import { findMosquitto } from './support/mosquitto.ts';
import { createCounter } from './support/count-reporter.ts';

const ROOT = join(import.meta.dirname, '..');

function run(command: string, args: readonly string[], options: SpawnSyncOptions = {}): boolean {
  return spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...options }).status === 0;
}

function hasMosquitto(): boolean {
  try {
    return findMosquitto() !== '';
  } catch {
    return false;
  }
}

// A policy-rc.d that says 101 keeps Debian from starting the broker as a service: the tests start their own.
// An index that cannot be refreshed may still do.
const INSTALL = `
  set -e
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\\nexit 101\\n' > $policy
    chmod +x $policy
    trap 'rm -f $policy' EXIT
  fi
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mosquitto mosquitto-clients
`;

function installMosquitto(): boolean {
  if (!run('apt-get', ['--version'], { stdio: 'ignore' })) return false;
  if (process.getuid?.() === 0) return run('sh', ['-c', INSTALL]);
  return run('sudo', ['-n', 'true'], { stdio: 'ignore' }) && run('sudo', ['-n', 'sh', '-c', INSTALL]);
}

function fail(message: string): never {
  console.error(message);
  console.log('0 passed, 1 failed');
  process.exit(1);
}

if (!hasMosquitto() && !(installMosquitto() && hasMosquitto())) {
  fail(
    'tests need Mosquitto: sudo apt-get install mosquitto mosquitto-clients (Debian) or brew install mosquitto (macOS)',
  );
}
if (!run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b'])) fail('tsc -b failed');
if (!run(process.execPath, [join(ROOT, 'build/main.ts')])) fail('the bundle failed');

const counter = createCounter();
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, reporters: ['default', counter.reporter] });
await vitest.close();
console.log(counter.line());
process.exit(counter.ok() ? 0 : 1);
