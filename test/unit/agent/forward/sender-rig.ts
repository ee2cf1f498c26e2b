import { handleRefused } from '../../../../agent/forward/dead-letter.ts';
import { Receiver } from '../../../../agent/forward/receiver.ts';
import type { SenderParts } from '../../../../agent/forward/sender-parts.ts';
import { Sender } from '../../../../agent/forward/sender.ts';
import { NO_LIMITS, type TargetLimits } from '../../../../agent/forward/window.ts';
import type { PublishLimit } from '../../../../shared/remote-profile.ts';
import type { RouteInput } from '../../../../shared/resources/topic-map.ts';
import { decodePublish, encodePublish, type OutgoingPublish, type Version } from '../../../support/codec.ts';
import { createFrameSplitter, type Frame, packetId, toFrame } from '../../../support/frames.ts';
import { createTestPacing } from './pacing-rig.ts';
import {
  createCountingPool,
  createFakeSocket,
  createManualTurn,
  type FakeSocket,
  laneTo,
  type ManualTurn,
} from './rig.ts';

interface Setting {
  readonly version?: Version;
  readonly messages?: number;
  readonly route?: Partial<RouteInput>;
  readonly limits?: Partial<TargetLimits>;
  readonly publish?: PublishLimit;
  /** Whether the source means "never" by an expiry of 0. */
  readonly zeroExpiryIsNever?: boolean;
}

/** A sender with the receiver that feeds it and the sender of its dead letters, all connected. */
export function setUpSender(setting: Setting = {}) {
  const { version = 5, messages = 10, route = { qos: 2 }, limits = {}, publish, zeroExpiryIsNever = false } = setting;
  const turn = createManualTurn();
  const pool = createCountingPool();
  const [out, dead] = [createFakeSocket(), createFakeSocket()];
  const clock = { now: 1000 };
  const retries: (() => void)[] = [];
  const pacing = publish && createTestPacing(clock, publish);
  const parts: Omit<SenderParts, 'outlet'> = {
    turn,
    pool,
    version,
    window: { messages, bytes: 100_000 },
    now: () => clock.now,
    retryLater: (_attempts, retry) => void retries.push(retry),
    refused: (transit, reason) => handleRefused(transit, reason, version),
  };
  const target = new Sender({ ...parts, outlet: out, pacing });
  const deadLetters = new Sender({ ...parts, outlet: dead });
  const lane = laneTo(target, deadLetters, route);
  const proceeded = { times: 0 };
  const proceed = () => void proceeded.times++;
  const source = { outlet: createFakeSocket(), turn, version, topicAliasMaximum: 0, zeroExpiryIsNever, proceed };
  const receiver = new Receiver(source);
  receiver.setLanes([lane]);
  receiver.begin(false);
  deadLetters.begin(NO_LIMITS, false);
  target.begin({ ...NO_LIMITS, ...limits }, false);
  let lastId = 0;
  const read = (socket: FakeSocket) => framesOf(turn, socket);
  return {
    target,
    deadLetters,
    lane,
    pool,
    clock,
    out,
    proceeded,
    pass: (ms: number) => pacing?.pass(ms),
    spent: pacing?.spent ?? [],
    retry: () => retries.splice(0).forEach((run) => run()),
    take: (publish: Partial<OutgoingPublish> = {}) => {
      const whole = { topic: 't/a', payload: 'x', qos: 1, ...publish } as const;
      const bytes = encodePublish(version, whole, whole.qos > 0 ? ++lastId : 0);
      return receiver.publish(bytes, 0, toFrame(bytes).start, bytes.length, clock.now);
    },
    reconnect: (next: Partial<TargetLimits> = {}, present = true) => {
      out.cut();
      target.end();
      target.begin({ ...NO_LIMITS, ...next }, present);
    },
    sent: () =>
      read(out)
        .filter(({ command }) => command === 'publish')
        .map((frame) => decodePublish(version, frame)),
    packets: () => read(out).map((frame) => `${frame.command} ${packetId(frame)}`),
    letters: () => read(dead).map((frame) => decodePublish(version, frame)),
  };
}

/** What a socket got until the end of this turn. */
function framesOf(turn: ManualTurn, socket: FakeSocket): Frame[] {
  turn.end();
  return createFrameSplitter()(socket.read());
}
