import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionSpec } from '../../agent/session/credentials/spec.ts';
import { connectSocket } from '../../agent/session/wire/connect.ts';
import { describeFault, faultOf, type WireFault, type WireProgress } from '../../agent/session/wire/fault.ts';
import { secureContextOf } from '../../agent/session/wire/secure-context.ts';
import type { TlsMaterial } from '../../agent/session/wire/wire.ts';
import type { Side } from '../../shared/plan/types.ts';
import type { CheckContext } from './context.ts';
import { explainFault } from './explain-fault.ts';
import { endsSoon, lifeOf } from './life.ts';
import { ended, finding, type Outcome, passed } from './outcome.ts';

/** Whether something accepts connections at the port. */
export async function checkPort(side: Side, context: CheckContext): Promise<Outcome<true>> {
  const spec = context.specs[side];
  const subject = { check: 'tcp', side } as const;
  const before = context.now();
  const answer = await open(connectSocket(spec, undefined), spec, { event: 'connect', stage: 'connecting', context });
  if ('reason' in answer) return ended(subject, 'error', explainFault(answer, { side, context }));
  const milliseconds = Math.round(context.now() - before);
  answer.destroy();
  return passed(subject, true, { message: `Port ${spec.port} accepts connections`, details: { milliseconds } });
}

/** Whether the broker's certificate is one to trust, for this host, valid, and shown over a version that is safe. */
export async function checkTls(side: Side, material: TlsMaterial, context: CheckContext): Promise<Outcome<true>> {
  const spec = context.specs[side];
  const subject = { check: 'tls', side } as const;
  if (!spec.tlsEnabled) {
    const message = 'TLS is off: everybody on the way can read and change the messages';
    return { findings: [finding(subject, 'skipped', { message, reason: 'NotChecked' })], value: true };
  }
  const answer = await openTls(spec, material, context);
  if ('reason' in answer) return ended(subject, 'error', explainFault(answer, { side, context }));
  const details = certificateDetails(answer);
  const protocol = answer.getProtocol() ?? 'TLS';
  answer.destroy();
  const life = lifeOf(Date.parse(details.validTo), context.wallClock());
  const message = `${protocol}, and the certificate is trusted, for this host and valid for ${life.text}`;
  const said = { message, details: { protocol, ...details, days: life.days } };
  if (!endsSoon(life)) return passed(subject, true, said);
  const advice = 'renew the certificate of the broker';
  return { findings: [finding(subject, 'warning', { ...said, reason: 'CertificateEndsSoon', advice })], value: true };
}

async function openTls(
  spec: ConnectionSpec,
  material: TlsMaterial,
  context: CheckContext,
): Promise<TLSSocket | WireFault> {
  try {
    const socket = connectSocket(spec, secureContextOf(material)) as TLSSocket;
    return await open(socket, spec, { event: 'secureConnect', stage: 'securing', context });
  } catch {
    // As openWire does: OpenSSL's words say nothing of which file is wrong.
    return describeFault('TlsMaterialInvalid', spec, { stage: 'connecting', receivedAny: false });
  }
}

interface Opening {
  readonly event: 'connect' | 'secureConnect';
  readonly stage: WireProgress['stage'];
  readonly context: CheckContext;
}

/** The socket once the event has come, or why it has not. */
function open<S extends Socket>(
  socket: S,
  spec: ConnectionSpec,
  { event, stage, context }: Opening,
): Promise<S | WireFault> {
  const progress = { stage, receivedAny: false };
  return new Promise((resolve) => {
    const settle = (answer: S | WireFault) => {
      clearTimeout(timer);
      resolve(answer);
      if ('reason' in answer) socket.destroy();
    };
    const timer = setTimeout(() => settle(describeFault('ConnectTimeout', spec, progress)), context.stepTimeoutMs);
    socket.once(event, () => settle(socket));
    socket.on('error', (error) => settle(faultOf(error, spec, progress)));
    socket.once('close', () => settle(describeFault('ConnectionClosed', spec, progress)));
    context.signal.addEventListener('abort', () => socket.destroy(), { once: true });
  });
}

function certificateDetails(socket: TLSSocket) {
  const certificate = socket.getPeerX509Certificate();
  return {
    subject: certificate?.subject.replaceAll('\n', ', ') ?? '',
    issuer: certificate?.issuer.replaceAll('\n', ', ') ?? '',
    names: certificate?.subjectAltName ?? '',
    validTo: certificate?.validTo ?? '',
  };
}
