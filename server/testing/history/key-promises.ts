import type { WriteEvent } from './history-event.ts';
import { Steps } from './steps.ts';

const NONE = Number.NEGATIVE_INFINITY;

/** What changes and reads of one key promise to later reads: those of everybody, or those of one process. To be told of them in the order of their time. */
export class KeyPromises {
  readonly #hard = new Steps<Barriers>();
  readonly #soft = new Steps<number>();
  /** The newest load that a read of the cache alone has shown. */
  readonly #seen = new Steps<number>();

  /** It is acknowledged. */
  written({ kind, endUs, sinceUs, valueId }: WriteEvent): void {
    if (kind === 'soften') this.#soft.push(endUs, Math.max(this.#soft.last ?? NONE, sinceUs));
    else this.#hard.push(endUs, withBarrier(this.#hard.last, { sinceUs, valueId }));
  }

  saw(endUs: number, sinceUs: number): void {
    if (sinceUs > (this.#seen.last ?? NONE)) this.#seen.push(endUs, sinceUs);
  }

  /** Older values can be read again. */
  forgetSeen(): void {
    this.#seen.clear();
  }

  /** What is older than this, a read that began then must not return. */
  hard(atUs: number, valueId: string): number {
    return barrierFor(this.#hard.before(atUs), valueId);
  }

  /** …must not call fresh. */
  soft(atUs: number): number {
    return this.#soft.before(atUs) ?? NONE;
  }

  /** …must not go back to. */
  seen(atUs: number): number {
    return this.#seen.before(atUs) ?? NONE;
  }

  prune(horizonUs: number): void {
    for (const steps of [this.#hard, this.#soft, this.#seen]) steps.prune(horizonUs);
  }

  get lastAtUs(): number {
    return Math.max(this.#hard.lastAtUs, this.#soft.lastAtUs, this.#seen.lastAtUs);
  }
}

interface Barrier {
  readonly sinceUs: number;
  /** The value that the write itself left, which it does not forbid. */
  readonly valueId: string | null;
}
/** The two newest of different values: a value is held to the newest that is not its own. */
interface Barriers {
  readonly first: Barrier;
  readonly second: Barrier | null;
}

function withBarrier(barriers: Barriers | undefined, added: Barrier): Barriers {
  if (barriers === undefined) return { first: added, second: null };
  const { first, second } = barriers;
  if (added.sinceUs >= first.sinceUs) return { first: added, second: first };
  return second === null || added.sinceUs > second.sinceUs ? { first, second: added } : barriers;
}

function barrierFor(barriers: Barriers | undefined, valueId: string): number {
  if (barriers === undefined) return NONE;
  if (barriers.first.valueId !== valueId) return barriers.first.sinceUs;
  return barriers.second?.sinceUs ?? NONE;
}
