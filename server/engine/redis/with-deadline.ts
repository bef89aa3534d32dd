import type { Clock } from '../clock.ts';
import { Unavailable } from '../errors.ts';

export type DeadlineResult<T> = { ok: true; value: T } | { ok: false; reason: 'deadline' | 'error'; error: unknown };

/**
 * The engine's own deadline: ioredis' timeouts start when a command is queued and count no handshake. Never rejects.
 * A reply that comes later is discarded; that is safe because every write of the engine is conditional or idempotent.
 */
export function withDeadline<T>(work: () => Promise<T>, deadlineMs: number, clock: Clock): Promise<DeadlineResult<T>> {
  return new Promise((resolve) => {
    const missed = () => resolve({ ok: false, reason: 'deadline', error: new Unavailable(`Redis did not answer within ${deadlineMs} ms`) });
    // Sockets are read before an immediate runs: an answer that waits there because this process was busy is not late.
    const cancel = clock.after(deadlineMs, () => setImmediate(missed));
    const settle = (result: DeadlineResult<T>) => {
      cancel();
      resolve(result);
    };
    try {
      work().then(
        (value) => settle({ ok: true, value }),
        (error: unknown) => settle({ ok: false, reason: isTimeout(error) ? 'deadline' : 'error', error }),
      );
    } catch (error) {
      settle({ ok: false, reason: 'error', error });
    }
  });
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}
