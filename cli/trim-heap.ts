/**
 * Collects garbage once and gives the pages back. Loading, planning and connecting leave about 8 MB with 100 lanes, which V8 would keep
 * as room to grow; the inspector is Node's only public way to ask. Stops the loop for tens of milliseconds.
 */
export async function trimHeap(): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}
