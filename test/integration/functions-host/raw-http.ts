import { connect } from 'node:net';
import type { Scope } from '../../support/scope.ts';
import { eventually } from '../../support/eventually.ts';

/** A TCP connection that says what a test says, byte by byte. */
export interface RawHttp {
  send(text: string | Buffer): void;
  /** Says this and that there is nothing more to come. */
  end(bytes: Buffer): void;
  /** Everything that came back. */
  text(): string;
  /** Waits until so many answers have begun. */
  answers(count: number): Promise<readonly string[]>;
  /** Status codes of all answers, once the other side has closed. */
  closed(): Promise<readonly string[]>;
}

/** Connects; the connection ends with the scope. */
export function openRaw(scope: Scope, { host, port }: { host: string; port: number }): RawHttp {
  const chunks: Buffer[] = [];
  let ended = false;
  const socket = connect({ host, port });
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('close', () => (ended = true));
  // A reset is one way to be told to go.
  socket.on('error', () => undefined);
  scope.onTestFinished(() => void socket.destroy());
  const text = () => Buffer.concat(chunks).toString('latin1');
  const statuses = () => [...text().matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1] ?? '');
  return {
    send: (data) => void socket.write(data),
    end: (bytes) => void socket.end(bytes),
    text,
    answers: (count) => eventually(() => (statuses().length >= count ? statuses() : undefined), { describe: text }),
    closed: () => eventually(() => (ended ? statuses() : undefined), { describe: text }),
  };
}
