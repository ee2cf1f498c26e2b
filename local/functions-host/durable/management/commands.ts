import type { ManagementResponse } from '../../ports.ts';
import { freshStart, start } from '../life-cycle.ts';
import { isTerminal, type Message } from '../model.ts';
import { ACCEPTED, problem, readBody, readSwitch } from './answers.ts';
import { unknown } from './instances.ts';
import type { Call } from './call.ts';
import { accepted, newId } from './start.ts';

/** Hands an external event to an instance. */
export function raiseEvent(call: Call): ManagementResponse {
  const [, name = ''] = call.values;
  return tell(call, { kind: 'event', name, input: readBody(call.request.body) });
}

/** Makes what terminates, suspends or resumes an instance. */
export function commandInstance(kind: 'terminate' | 'suspend' | 'resume'): (call: Call) => ManagementResponse {
  return (call) => tell(call, { kind, reason: call.request.query.get('reason') ?? '' });
}

function tell({ hub, values: [id = ''] }: Call, message: Message): ManagementResponse {
  const instance = hub.store.instances.read(id);
  if (instance === undefined) return unknown(id);
  if (isTerminal(instance.status)) return problem(410, `The instance '${id}' is ${instance.status}.`);
  hub.change((outbox) => outbox.send(id, message));
  return ACCEPTED;
}

/** Rewinding is not done here. */
export function refuseRewind({ hub, values: [id = ''] }: Call): ManagementResponse {
  if (hub.store.instances.read(id) === undefined) return unknown(id);
  return problem(501, 'The local durable engine does not rewind; restart the instance instead.');
}

/** Starts the orchestration of an instance once more with the same input. */
export function restartInstance({ hub, request, address, values: [id = ''] }: Call): ManagementResponse {
  const instance = hub.store.instances.read(id);
  if (instance === undefined) return unknown(id);
  const { name, version, input } = instance;
  const again = readSwitch(request.query, 'restartWithNewInstanceId', true) ? newId(hub) : id;
  const refused = hub.change((outbox) =>
    start(hub.store, outbox, freshStart(hub, { id: again, name, version, input })),
  );
  return refused === undefined ? accepted(again, address) : problem(409, refused);
}
