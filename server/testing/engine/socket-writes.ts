import { Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/** From now until the end of the test, each piece that this process hands to a socket, in order: what is written at once is one of them, however the network cuts it. A proxy in this process writes all of it once more. */
export function noteSocketWrites(): { readonly texts: () => string[] } {
  const spy = vi.spyOn(Socket.prototype, 'write');
  onTestFinished(() => spy.mockRestore());
  return {
    texts: () =>
      spy.mock.calls.flatMap(([data]: readonly unknown[]) =>
        Buffer.isBuffer(data) ? [data.toString('latin1')] : typeof data === 'string' ? [data] : [],
      ),
  };
}
