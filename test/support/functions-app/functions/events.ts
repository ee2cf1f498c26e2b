import { app } from '@azure/functions';
import { seen } from '../seen.ts';

app.eventGrid('onEvent', {
  handler: (event, context) => {
    if ((event.data as { fail?: boolean } | undefined)?.fail === true) throw new Error('not this one');
    seen.events.push({ event, metadata: context.triggerMetadata });
  },
});
