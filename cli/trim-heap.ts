/**
 * Collects garbage once and gives the pages back. Loading and compiling the modules leaves about 14 MB of it, which V8 would keep as room
 * to grow; the inspector is Node's only public way to ask. Takes tens of milliseconds, so it belongs before the first message.
 */
export async function trimHeap(): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}
