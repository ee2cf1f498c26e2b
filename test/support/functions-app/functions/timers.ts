import { app, type Timer } from '@azure/functions';
import * as df from 'durable-functions';
import { seen } from '../seen.ts';

app.timer('hourly', {
  schedule: '0 0 * * * *',
  handler: async (timer: Timer) => {
    seen.timers.push(timer);
    await seen.hold;
  },
});
df.app.client.timer('nightly', {
  schedule: '0 30 2 * * *',
  handler: (_timer, client) => void seen.hubs.push(client.taskHubName),
});
