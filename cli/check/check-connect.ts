import { connectOptions } from '../../agent/session/connect-options.ts';
import { DEFAULT_TIMING } from '../../agent/session/timing.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { ConnectionMaterial } from '../../agent/session/credentials/credentials.ts';
import type { CheckContext } from './context.ts';
import { explainFault } from './explain-fault.ts';
import { ended, type Outcome, passed, type Statement } from './outcome.ts';
import { probeSession } from './probe-session.ts';
import { connectProbe, type ProbeClient, ProbeEndedError } from './probe-client.ts';

/** Whether the broker lets the bridge in, with a client ID and a session of its own that ends with the connection. */
export async function checkConnect(
  side: Side,
  material: ConnectionMaterial,
  context: CheckContext,
): Promise<Outcome<ProbeClient>> {
  const spec = context.specs[side];
  const subject = { check: 'connect', side } as const;
  const plan = probeSession(side, context);
  const { clientId } = plan;
  const { protocol, session } = context.document.connector.spec;
  const version = protocol === 'v5' ? 5 : 4;
  const control = connectOptions(
    {
      plan,
      limits: { ...session, expirySeconds: 0 },
      version,
      timing: { ...DEFAULT_TIMING, connectTimeoutMs: context.stepTimeoutMs },
    },
    material,
    true,
  );
  try {
    const { stepTimeoutMs: connectTimeoutMs, signal } = context;
    const client = await connectProbe({
      spec,
      material,
      control,
      connectTimeoutMs,
      answerTimeoutMs: connectTimeoutMs,
      signal,
    });
    const spoken = version === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    const message = `The broker accepts the client ${clientId} with ${spoken}`;
    return passed(subject, client, { message, details: { clientId, ...limitsIn(client) } });
  } catch (error) {
    if (!(error instanceof ProbeEndedError)) throw error;
    return ended(subject, 'error', {
      ...explainFault(error.fault, { side, context, during: 'connect' }),
      details: { clientId },
    });
  }
}

function limitsIn({ connack }: ProbeClient): Statement['details'] {
  const { sessionPresent: _absent, ...limits } = connack;
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as Statement['details'];
}
