import { Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/**
 * From now until the end of the test, what this process hands to its sockets at once, in order, however the network cuts it: a
 * write, or those between `cork` and `uncork`. A proxy in this process writes all of it once more.
 */
export function noteSocketWrites(): { readonly texts: () => string[] } {
  const [write, cork, uncork] = [
    vi.spyOn(Socket.prototype, 'write'),
    vi.spyOn(Socket.prototype, 'cork'),
    vi.spyOn(Socket.prototype, 'uncork'),
  ];
  onTestFinished(() => {
    for (const spy of [write, cork, uncork]) spy.mockRestore();
  });
  const called = () => {
    const writes = write.mock.calls.map(([data]: readonly unknown[], call) => ({
      text: Buffer.isBuffer(data) ? data.toString('latin1') : String(data),
      order: write.mock.invocationCallOrder[call] ?? 0,
    }));
    const marks = [cork, uncork].flatMap((spy) =>
      spy.mock.invocationCallOrder.map((order) => ({ text: spy === cork ? 'cork' : 'uncork', mark: true, order })),
    );
    return [...writes, ...marks].sort((one, other) => one.order - other.order);
  };
  return {
    texts: () => {
      const texts: string[] = [];
      let corked = false;
      for (const one of called()) {
        if ('mark' in one) {
          corked = one.text === 'cork';
          if (corked) texts.push('');
        } else if (corked) texts.push((texts.pop() ?? '') + one.text);
        else texts.push(one.text);
      }
      return texts;
    },
  };
}
