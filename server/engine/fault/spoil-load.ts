import type { Loader } from '../cache.ts';
import type { FaultOrder } from '../wire/fault-order.ts';

type OriginOrder = Extract<FaultOrder, { kind: 'slow-origin' | 'failing-origin' }>;

/** What a loader rejects with while its origin is made to fail. */
class SimulatedOriginFailure extends Error {
  override readonly name = 'SimulatedOriginFailure';
}

/** The loader as it behaves behind an origin that is slow or fails. Its time limit goes on counting. */
export function spoilLoad(load: Loader<unknown>, orders: readonly OriginOrder[], random: () => number): Loader<unknown> {
  return async (context) => {
    let latencyMs = 0;
    let fails = false;
    for (const order of orders) {
      if (random() >= order.probability) continue;
      if (order.kind === 'failing-origin') fails = true;
      else latencyMs = Math.max(latencyMs, order.latencyMs + order.jitterMs * random());
    }
    if (latencyMs > 0) await waited(latencyMs, context.signal);
    if (fails) throw new SimulatedOriginFailure('the origin fails (simulated)');
    return load(context);
  };
}

/** Rejects at once when the signal is aborted: the load has been given up then. */
function waited(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
