import * as df from 'durable-functions';
import { createHealthTrigger } from './durable/trigger.ts';
import { takeSessionEvent } from './signals/take-session-event.ts';
import { parts } from './wiring/main.ts';

df.app.client.eventGrid('takeSessionEvent', {
  handler: async (event, client) =>
    takeSessionEvent(event, { ...(await parts()).deps, trigger: createHealthTrigger(client) }),
});
