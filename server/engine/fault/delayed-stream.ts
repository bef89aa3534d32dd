import type { Socket } from 'node:net';

/** A stream whose reader waits for more than this is ended: a simulated fault must not eat the process's memory. */
const waitingBytesMax = 16 << 20;

export interface DelayedStream {
  /** For bytes that arrive from now on; order is kept when it shrinks. Ms. */
  setLatency(latencyMs: number): void;
  /** Hands on what waits, in order, and takes the delay off. */
  release(): void;
}

/**
 * Makes what a socket receives arrive late. It replaces `push` on this one socket, the public method through which a
 * Readable gets its bytes, so a socket without a fault runs Node's own code and nothing else. Bytes are never dropped
 * and then followed by later ones: they wait in order, are handed on in order, or end with their socket, because a
 * missing reply would hand every later caller another key's value. A wrapper stream around the socket was rejected:
 * it costs a hop per chunk when off, and hides `connecting`, `setNoDelay` and the TLS methods from the client.
 */
export function delayStream(socket: Socket, latency: number): DelayedStream {
  /** The end of the stream (`null`) waits in line too. */
  const waiting: { chunk: unknown; encoding: BufferEncoding | undefined; dueMs: number }[] = [];
  const push = socket.push.bind(socket);
  let latencyMs = latency;
  let waitingBytes = 0;
  let timer: NodeJS.Timeout | null = null;

  const handOn = (untilMs: number): void => {
    for (let first = waiting[0]; first !== undefined && first.dueMs <= untilMs && !socket.destroyed; first = waiting[0]) {
      waiting.shift();
      waitingBytes -= lengthOf(first.chunk);
      push(first.chunk, first.encoding);
    }
  };
  const arm = (): void => {
    const first = waiting[0];
    if (first === undefined || timer !== null || socket.destroyed) return;
    timer = setTimeout(
      () => {
        timer = null;
        handOn(performance.now());
        arm();
      },
      Math.max(0, Math.ceil(first.dueMs - performance.now())),
    );
  };
  const drop = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    waiting.length = 0;
    waitingBytes = 0;
  };

  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    const lastDueMs = waiting.at(-1)?.dueMs ?? 0;
    waiting.push({ chunk, encoding, dueMs: Math.max(lastDueMs, performance.now() + latencyMs) });
    waitingBytes += lengthOf(chunk);
    if (waitingBytes > waitingBytesMax) socket.destroy(new Error('simulated fault: too many bytes wait'));
    else arm();
    return true;
  };
  socket.once('close', drop);

  return {
    setLatency(next) {
      latencyMs = next;
    },
    release() {
      socket.off('close', drop);
      // Off first: what a reader does while it gets the waiting bytes goes the normal way, behind them.
      Reflect.deleteProperty(socket, 'push');
      handOn(Number.POSITIVE_INFINITY);
      drop();
    },
  };
}

function lengthOf(chunk: unknown): number {
  return Buffer.isBuffer(chunk) ? chunk.length : 0;
}
