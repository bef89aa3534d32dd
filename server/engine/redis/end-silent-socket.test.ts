import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { endSilentSocket } from './end-silent-socket.ts';

const SILENT_MS = 400;
const LOOK_MS = SILENT_MS / 4;

class FakeSocket extends EventEmitter {
  bytesRead = 0;
  readonly destroy = vi.fn((error: Error) => this.emit('close', error));
}

class FakeClient extends EventEmitter {
  readonly stream = new FakeSocket();
  readonly commandQueue = { length: 0 };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function connect() {
  const client = new FakeClient();
  endSilentSocket(client, SILENT_MS);
  client.emit('connect');
  return client;
}

it('a command that waits as long without a byte ends its connection', () => {
  const client = connect();
  client.commandQueue.length = 1;
  vi.advanceTimersByTime(SILENT_MS);
  expect(client.stream.destroy).not.toHaveBeenCalled();
  vi.advanceTimersByTime(LOOK_MS);
  expect(client.stream.destroy).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

it('each byte begins it again, and without a command nothing is waited for', () => {
  const client = connect();
  vi.advanceTimersByTime(10 * SILENT_MS);
  client.commandQueue.length = 1;
  for (let n = 0; n < 10; n += 1) {
    vi.advanceTimersByTime(SILENT_MS);
    client.stream.bytesRead += 1;
  }
  expect(client.stream.destroy).not.toHaveBeenCalled();
});
