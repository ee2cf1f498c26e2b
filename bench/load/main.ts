import type { LoadCommand, LoadReply } from './protocol.ts';
import { createLoadSession } from './session.ts';

const reply = (message: LoadReply) => process.send?.(message);
const handle = createLoadSession(reply);

process.on('message', (command: LoadCommand) => {
  handle(command).then(reply, (error: Error) => reply({ kind: 'failed', message: error.message }));
});
// The parent is gone: nothing left to measure.
process.on('disconnect', () => process.exit(0));
reply({ kind: 'alive' });
