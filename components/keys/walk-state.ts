import type { KeyRow, ScanStep } from '../../server/contract/keys.ts';

/** Most rows that a tab keeps; past it the filter must be narrowed. */
export const ROWS_MAX = 10_000;

export interface WalkState {
  /** Each key once, in the order in which it was found. */
  rows: readonly KeyRow[];
  seen: ReadonlySet<string>;
  /** Where to go on; null before the first step and when all was walked. */
  cursor: string | null;
  /** `paused`: this run's share is done; `stopped`: the operator said so; `full`: `ROWS_MAX`. */
  status: 'walking' | 'paused' | 'stopped' | 'full' | 'done' | 'failed';
  walked: number;
  total: number;
  rounds: number;
  redisMs: number;
  error: unknown;
}

export const walkBegin: WalkState = {
  rows: [],
  seen: new Set(),
  cursor: null,
  status: 'walking',
  walked: 0,
  total: 0,
  rounds: 0,
  redisMs: 0,
  error: null,
};

/** Adds what a step found. SCAN may return a key twice; it is listed once. */
export function addStep(state: WalkState, step: ScanStep): WalkState {
  const seen = new Set(state.seen);
  const fresh = step.rows.filter((row) => !seen.has(row.key) && seen.add(row.key));
  const rows = fresh.length === 0 ? state.rows : [...state.rows, ...fresh].slice(0, ROWS_MAX);
  return {
    ...state,
    rows,
    seen,
    cursor: step.cursor,
    status: step.cursor === null ? 'done' : rows.length >= ROWS_MAX ? 'full' : state.status,
    walked: state.walked + step.walked,
    total: step.total,
    rounds: state.rounds + step.rounds,
    redisMs: state.redisMs + step.redisMs,
  };
}

/** `312 found, ~41% walked, partial`: completeness is never claimed before the walk came round. */
export function describeWalk({ rows, status, walked, total }: WalkState): string {
  const found = `${rows.length.toLocaleString('en')} found`;
  if (status === 'done') return `${found}, all walked, complete`;
  if (walked === 0) return status === 'failed' ? 'nothing walked' : 'looking…';
  // The key space changes while it is walked, so an estimate never says 100%.
  const share = total === 0 ? 0 : Math.min(99, Math.floor((walked / total) * 100));
  return `${found}, ~${share}% walked, partial`;
}
