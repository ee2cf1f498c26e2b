import { createScope } from '../../scope.ts';
import { startApiServer } from './index.ts';

// The API server as a process of its own, for measurements that must not pay for it. Its parent speaks to it by IPC: the first
// message to it is what it can be reached by, `counts` asks what it was asked, `clear` forgets it.

const scope = createScope();
const server = await startApiServer(scope);
process.on('message', (asked) => {
  if (asked === 'clear') server.log.clear();
  if (asked === 'counts') process.send?.({ counts: server.log.counts() });
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
process.send?.({ kubeconfig: server.kubeconfig() });
