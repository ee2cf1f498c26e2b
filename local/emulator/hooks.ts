import type { BrokerHooks, ReceivedPublish, Refusal } from '../broker/hooks.ts';
import { reason } from '../broker/reason.ts';
import { admissionRefusal, featureRefusal } from './admission.ts';
import { createAuthentication } from './authentication/authenticate.ts';
import type { Authenticator } from './authentication/authenticator.ts';
import type { EmulatorLog, ThrottleType } from './life-cycle.ts';
import { formRefusal } from './publish-rules.ts';
import type { Census } from './census.ts';
import { createConnectRates, type Delay } from './rates.ts';
import type { ServiceSession, ServiceSessions } from './sessions.ts';
import type { EventGridSettings } from './settings.ts';

/** What the service's decisions are made with. */
export interface ServiceParts {
  readonly settings: EventGridSettings;
  readonly authenticator: Authenticator;
  readonly log: EmulatorLog;
  /** Milliseconds on the broker's clock. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly sessions: Pick<ServiceSessions, 'get' | 'expect'>;
  readonly census: Census;
  /** Decisions added by tests. */
  readonly faults: Pick<BrokerHooks, 'onPublish' | 'onDeliver' | 'onPuback'>;
}

/** Whether a refusal ends the connection: QoS 0 is only dropped, and MQTT 3.1.1 has no other refusal for the rest. */
function ends({ qos, version }: ReceivedPublish, mode: 'nack' | 'disconnect'): boolean {
  return qos > 0 && (version === 4 || mode === 'disconnect');
}

function throttled({ settings, log }: ServiceParts, publish: ReceivedPublish, throttleType: ThrottleType): Refusal {
  log.add({ kind: 'throttled', clientSessionName: publish.clientId, throttleType });
  return ends(publish, settings.whenThrottled)
    ? { reasonCode: settings.throttleReasonCode, disconnect: true }
    : { reasonCode: reason.quotaExceeded };
}

function unauthorized(
  { settings, log }: ServiceParts,
  publish: ReceivedPublish,
  session: ServiceSession | undefined,
): Refusal {
  const { clientId, topic } = publish;
  log.add({ kind: 'unauthorized', clientSessionName: clientId, topic });
  const disconnect = ends(publish, settings.whenUnauthorized);
  if (disconnect && session !== undefined) session.blame = 'ClientAuthorizationError';
  return { reasonCode: reason.notAuthorized, disconnect };
}

function publishRefusal(parts: ServiceParts, publish: ReceivedPublish): Refusal | undefined {
  const session = parts.sessions.get(publish.clientId);
  const throttleType = session?.rates.publish(publish, parts.now());
  if (throttleType !== undefined) return throttled(parts, publish, throttleType);
  const permitted = session?.rights.mayPublish(publish.topic) ?? false;
  return permitted ? undefined : unauthorized(parts, publish, session);
}

function publishHooks(parts: ServiceParts): Pick<BrokerHooks, 'onPublish' | 'onDeliver' | 'paceDelivery'> {
  const { settings, sessions, log, now, faults } = parts;
  const onPublish = (publish: ReceivedPublish): Refusal | undefined =>
    faults.onPublish?.(publish) ?? formRefusal(settings, publish) ?? publishRefusal(parts, publish);
  const delayOf = (clientId: string, bytes: number): Delay | undefined =>
    sessions.get(clientId)?.rates.deliver(bytes, now());
  if (settings.whenOutboundThrottled === 'wait') {
    return {
      onPublish,
      paceDelivery: ({ clientId }, bytes) => delayOf(clientId, bytes)?.wait ?? 0,
      ...(faults.onDeliver === undefined ? {} : { onDeliver: faults.onDeliver }),
    };
  }
  return {
    onPublish,
    onDeliver(delivery) {
      if (faults.onDeliver?.(delivery) === false) return false;
      const { clientId, payload } = delivery;
      const delay = delayOf(clientId, payload.length);
      if (delay === undefined) return true;
      log.add({ kind: 'throttled', clientSessionName: clientId, throttleType: delay.throttleType });
      return false;
    },
  };
}

function subscribeHooks(parts: ServiceParts): Pick<BrokerHooks, 'onSubscriptionPacket' | 'onSubscribe'> {
  const { settings, sessions, census, log, now } = parts;
  return {
    onSubscriptionPacket({ clientId }) {
      const throttleType = sessions.get(clientId)?.rates.subscription(now());
      if (throttleType === undefined) return undefined;
      log.add({ kind: 'throttled', clientSessionName: clientId, throttleType });
      return settings.whenThrottled === 'disconnect'
        ? { reasonCode: settings.throttleReasonCode, disconnect: true }
        : { reasonCode: reason.quotaExceeded };
    },
    onSubscribe({ clientId, filter }) {
      if (sessions.get(clientId)?.rights.maySubscribe(filter) !== true) {
        log.add({ kind: 'unauthorized', clientSessionName: clientId, topic: filter });
        return { reasonCode: reason.notAuthorized };
      }
      return census.subscribe(clientId, filter) ? undefined : { reasonCode: reason.quotaExceeded };
    },
  };
}

/** The service's decisions, for a broker whose events `sessions` follows. */
export function eventGridHooks(parts: ServiceParts): BrokerHooks {
  const { settings, sessions, log, now, faults } = parts;
  const connects = createConnectRates(settings);
  const { authenticate, attributesOf } = createAuthentication(parts);
  return {
    onConnect(request) {
      const refusal = featureRefusal(settings, request);
      if (refusal !== undefined) return refusal;
      const throttleType = connects.connect(request.clientId, now());
      if (throttleType === undefined) return undefined;
      log.add({ kind: 'throttled', clientSessionName: request.clientId, throttleType });
      return settings.connectThrottleReasonCode;
    },
    authenticate,
    onAdmit(attempt) {
      const refusal = admissionRefusal(settings, attempt);
      if (refusal !== undefined) return refusal;
      const { request, authenticationName = '' } = attempt;
      sessions.expect({ clientId: request.clientId, authenticationName, attributes: () => attributesOf(request) });
      return undefined;
    },
    ...publishHooks(parts),
    ...subscribeHooks(parts),
    ...(faults.onPuback === undefined ? {} : { onPuback: faults.onPuback }),
  };
}
