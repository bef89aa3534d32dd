/** So long without an error and the trouble is over. */
const CALM_MS = 3_000;

/** Tells of trouble twice: when it begins and when it is over, with how much there was. An outage must not flood the log. */
export interface TroubleLog {
  failed(error: unknown): void;
  /** To be called now and then. */
  look(): void;
  total(): number;
}

export function createTroubleLog(what: string, log: (line: string) => void, nowMs: () => number): TroubleLog {
  let total = 0;
  let sinceMs: number | null = null;
  let lastMs = 0;
  let count = 0;
  return {
    failed(error) {
      total += 1;
      count += 1;
      lastMs = nowMs();
      if (sinceMs !== null) return;
      sinceMs = lastMs;
      log(`${what} began to fail: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
    },
    look() {
      if (sinceMs === null || nowMs() - lastMs < CALM_MS) return;
      log(`${what} works again after ${((lastMs - sinceMs) / 1_000).toFixed(1)} s and ${count} failures`);
      sinceMs = null;
      count = 0;
    },
    total: () => total,
  };
}
