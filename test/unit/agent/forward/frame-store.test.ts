import { describe, expect, it } from 'vitest';
import { FrameStore } from '../../../../agent/forward/frame-store.ts';
import { createSlabPool, SLAB_BYTES } from '../../../../agent/forward/slab.ts';
import { createFakeSocket } from './rig.ts';

function setUp() {
  const socket = createFakeSocket();
  const store = new FrameStore(createSlabPool(), socket);
  /** Puts a frame of `length` bytes in line and lets go of it. */
  const send = (length: number, fill: number) => {
    const slab = store.room(length);
    const start = slab.tail;
    slab.bytes.fill(fill, start, start + length);
    slab.tail += length;
    store.queue(slab, start, slab.tail);
    return slab;
  };
  return { socket, store, send };
}

describe('FrameStore', () => {
  it('writes neighbours at once and uses their memory again when it is written', () => {
    const { socket, store, send } = setUp();
    const slab = send(3, 1);
    expect(send(2, 2)).toBe(slab);
    expect(store.flush()).toBe(true);
    expect(socket.read()).toEqual(Buffer.of(1, 1, 1, 2, 2));
    expect(store.room(10)).toBe(slab);
    expect(slab.tail).toBe(0);
  });

  it('fills no memory a socket is still sending from', () => {
    const { socket, store, send } = setUp();
    socket.congest();
    const slab = send(SLAB_BYTES / 2, 1);
    expect(store.flush()).toBe(false);
    for (let i = 0; i < 10; i++) send(SLAB_BYTES / 2, 2);
    store.flush();
    expect(slab.bytes[0]).toBe(1);
    socket.drain();
    store.settleWrites();
    expect(socket.read()).toHaveLength(11 * (SLAB_BYTES / 2));
  });

  it('nor one a closing socket may be sending from', () => {
    const { socket, store, send } = setUp();
    socket.congest();
    const slab = send(100, 1);
    store.flush();
    store.abandonWrites();
    for (let i = 0; i < 5; i++) expect(send(100, 2)).not.toBe(slab);
    expect(slab.bytes.subarray(0, 100).every((byte) => byte === 1)).toBe(true);
  });

  it('gives a frame of more than half a slab memory of its own', () => {
    const { store } = setUp();
    expect(store.room(SLAB_BYTES / 2).bytes.length).toBe(SLAB_BYTES);
    expect(store.room(SLAB_BYTES / 2 + 1).bytes.length).toBe(SLAB_BYTES);
    const { store: other } = setUp();
    expect(other.room(SLAB_BYTES / 2 + 1).bytes.length).toBe(SLAB_BYTES / 2 + 1);
    expect(other.room(300_000).bytes.length).toBe(300_000);
  });
});
