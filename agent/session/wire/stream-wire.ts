import type { SecureContext } from 'node:tls';
import { connectSocket } from './connect.ts';
import { createIntake } from './intake.ts';
import { beginPassage } from './passage.ts';
import type { Wire, WireHandler, WireTarget } from './wire.ts';

// One for the whole process: libuv and OpenSSL fill it and call back in one go, so two sockets never use it at the same time,
// and a thousand idle connections hold no read buffers.
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** A wire over TCP, or over TLS when there is a context. Throws when the target cannot be dialled at all. */
export function openStreamWire(
  target: WireTarget,
  secureContext: SecureContext | undefined,
  handler: WireHandler,
  connectTimeoutMs: number,
): Wire {
  const intake = createIntake((bytes, length) => handler.received(bytes, length));
  const socket = connectSocket(target, secureContext, {
    buffer: readBuffer,
    callback: (length) => {
      passage.received();
      return intake.take(readBuffer, length);
    },
  });
  const passage = beginPassage(target, handler, { connectTimeoutMs, onTimeout: () => socket.destroy() });

  socket.once('connect', () => {
    if (secureContext === undefined) passage.open();
    else passage.reach('securing');
  });
  if (secureContext !== undefined) socket.once('secureConnect', () => passage.open());
  socket.on('drain', () => handler.drained());
  socket.on('error', (error) => passage.fail(error));
  socket.once('close', () => passage.close());

  const destroy = (): void => {
    passage.end();
    intake.discard();
    socket.destroy();
  };
  return {
    write: (bytes) => !socket.writable || socket.write(bytes),
    writtenThrough: () => socket.writableLength === 0,
    get writableLength() {
      return socket.writableLength;
    },
    pause() {
      intake.pause();
      // Before that, TLS still needs to read for its handshake.
      if (passage.opened) socket.pause();
    },
    resume() {
      if (intake.resume()) socket.resume();
    },
    end() {
      if (!passage.opened) return destroy();
      passage.end();
      intake.discard();
      // A paused socket would never see the other end's FIN.
      socket.resume();
      socket.end();
    },
    destroy,
  };
}
