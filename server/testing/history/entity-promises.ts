import type { BumpEvent, UndoBegun, UndoEnded } from './history-event.ts';
import { Steps } from './steps.ts';

/** Older bumps promise nothing any more. */
const BUMPS_MAX = 2_048;
const UNDOS_MAX = 2_048;
const NONE = Number.NEGATIVE_INFINITY;

/** What the bumps and undos of one entity promise to reads. To be told of events in the order of their time. */
export class EntityPromises {
  /** The newest call of a bump that is acknowledged and not withdrawn, while no undo is under way. */
  readonly #since = new Steps<number>();
  /** The same of the bumps of one process; only what is younger than the horizon of `prune` is kept. */
  readonly #sinceOf = new Map<string, Steps<number>>();
  readonly #bumps: { readonly bump: BumpEvent; withdrawn: boolean }[] = [];
  readonly #ended: UndoEnded[] = [];
  readonly #open = new Set<string>();
  #lastUndoEndUs = NONE;
  /** The end of the newest undo that may happen yet; a bump that was called after it is safe from it, and so ends the doubt. */
  #doubtUs = NONE;
  #epoch = 0;
  #trustedFromUs = NONE;

  /** Changes at each undo, which makes older values readable again. */
  get epoch(): number {
    return this.#epoch;
  }

  /** What a read saw that began before this binds no later one. */
  get trustedFromUs(): number {
    return this.#trustedFromUs;
  }

  bumped(bump: BumpEvent): void {
    if (!bump.acked) return;
    const withdrawn = this.#ended.some((undo) => withdraws(undo, bump));
    this.#bumps.push({ bump, withdrawn });
    if (this.#bumps.length > BUMPS_MAX) this.#bumps.shift();
    if (!withdrawn) {
      for (const since of [this.#since, this.#own(bump.process)]) since.push(bump.endUs, Math.max(since.last ?? NONE, bump.startUs));
    }
    if (this.#doubtUs !== NONE && bump.startUs > this.#doubtUs) {
      this.#doubtUs = NONE;
      if (this.#open.size === 0) this.#trustedFromUs = bump.endUs;
    }
  }

  undoBegun(begun: UndoBegun): void {
    this.#open.add(begun.undo);
    this.#epoch += 1;
    this.#trustedFromUs = Number.POSITIVE_INFINITY;
  }

  undoEnded(end: UndoEnded): void {
    if (!this.#open.delete(end.undo)) return;
    this.#ended.push(end);
    if (this.#ended.length > UNDOS_MAX) this.#ended.shift();
    this.#lastUndoEndUs = end.endUs;
    for (const known of this.#bumps) known.withdrawn ||= withdraws(end, known.bump);
    if (end.outcome === 'unknown') this.#doubtUs = end.endUs;
    if (this.#open.size > 0) return;
    if (this.#doubtUs === NONE) this.#trustedFromUs = end.endUs;
    this.#since.push(end.endUs, this.#newest(Number.POSITIVE_INFINITY, null));
    for (const [process, since] of this.#sinceOf) since.push(end.endUs, this.#newest(Number.POSITIVE_INFINITY, process));
  }

  /**
   * No read of that time may return the value of a load that began before this. To be asked when all that ended before
   * `endUs` is known, and nothing else: an undo that is under way then withdraws everything. `process`: by its bumps alone.
   */
  barrier(startUs: number, process: string | null = null): number {
    if (this.#open.size > 0) return NONE;
    if (this.#lastUndoEndUs >= startUs) return this.#newest(startUs, process);
    return (process === null ? this.#since : this.#sinceOf.get(process))?.before(startUs) ?? NONE;
  }

  prune(horizonUs: number): void {
    this.#since.prune(horizonUs);
    for (const [process, since] of this.#sinceOf) {
      if (since.lastAtUs < horizonUs) this.#sinceOf.delete(process);
      else since.prune(horizonUs);
    }
  }

  #newest(beforeUs: number, process: string | null): number {
    let newest = NONE;
    for (const { bump, withdrawn } of this.#bumps) {
      if (withdrawn || bump.endUs >= beforeUs || (process !== null && bump.process !== process)) continue;
      newest = Math.max(newest, bump.startUs);
    }
    return newest;
  }

  #own(process: string): Steps<number> {
    const known = this.#sinceOf.get(process) ?? new Steps<number>();
    this.#sinceOf.set(process, known);
    return known;
  }
}

/** An undo brings back one namespace: what was minted between that one and the undo is gone with it. */
export function withdraws(end: UndoEnded, bump: BumpEvent): boolean {
  switch (end.outcome) {
    case 'nothing':
      return false;
    case 'unknown':
      return bump.startUs < end.endUs;
    case 'acked':
      return bump.rev > end.restored && bump.rev < end.rev;
  }
}
