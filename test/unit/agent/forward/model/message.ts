/** A message of the model: what was published, and what is known to have become of it. */
export interface ModelMessage {
  /** Order of publishing. */
  readonly key: number;
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Bytes of padding behind the key. */
  readonly padding: number;
  /** Seconds; absent means for ever. */
  readonly expiry?: number;
  /** Monotonic milliseconds of its publishing. */
  readonly bornAt: number;
  /** Times the target took it as a message of its own. */
  delivered: number;
  accepted: boolean;
  refused: boolean;
  /** The dead-letter copy got an answer. */
  buried: boolean;
  /** The source broker has forgotten it. */
  forgotten: boolean;
  acknowledged: boolean;
}

export function payloadOf(message: ModelMessage): string {
  return `${message.key}:${'x'.repeat(message.padding)}`;
}

export function keyOf(payload: Buffer): number {
  return Number.parseInt(payload.toString('latin1'), 10);
}
