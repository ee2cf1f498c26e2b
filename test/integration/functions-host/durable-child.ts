import { randomUUID } from 'node:crypto';
import * as df from 'durable-functions';
import { systemClock } from '../../../local/functions-host/clock.ts';
import { createDurableEngine } from '../../../local/functions-host/durable/engine.ts';
import { appRunner } from '../../support/durable-app.ts';
import { ADDRESS } from '../../support/durable-engine.ts';
import { eventually } from '../../support/eventually.ts';
import { SILENT } from '../../support/silent-logger.ts';

// A host that is killed: it says on standard output what it runs, and the status when the orchestration has ended.
const [, , file = ''] = process.argv;
const STEPS = 60;

df.app.activity('step', {
  handler: (step: number) => {
    process.stdout.write(`ran ${step}\n`);
    return step;
  },
});
df.app.entity('Steps', (context) => {
  context.df.setState((context.df.getState(() => 0) as number) + 1);
});
df.app.orchestration('steps', function* (context) {
  const steps: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    steps.push(yield context.df.callActivity('step', step));
    context.df.signalEntity(new df.EntityId('Steps', 'all'), 'add');
    yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 5));
  }
  return steps;
});

const engine = createDurableEngine({
  runner: appRunner,
  clock: systemClock,
  file,
  hubName: 'Killed',
  uuid: randomUUID,
  logger: SILENT,
});
engine.start();

async function ask(method: string, path: string, query = ''): Promise<string> {
  const request = { method, path, query: new URLSearchParams(query), headers: new Headers(), body: '' };
  const { status, body = '' } = await engine.manage(request, ADDRESS);
  return `${status} ${body}`;
}

const answer = await ask('POST', '/orchestrators/steps/all', 'timeout=60');
// It is under way since an earlier life.
if (answer.startsWith('409')) {
  await eventually(async () => !(await ask('GET', '/instances/all')).startsWith('202'), { deadlineMs: 60_000 });
}
await engine.settled();
process.stdout.write(
  `ended ${await ask('GET', '/instances/all')}\ncounted ${await ask('GET', '/entities/Steps/all')}\n`,
);
await engine.stop();
