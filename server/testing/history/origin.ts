import type { OriginAsk } from './worker-message.ts';

/** The authority: what each key is now, as a number that grows with every write. */
export class Origin {
  readonly #seqs = new Map<string, number>();
  #watching: ((process: string) => void) | null = null;

  answer(ask: OriginAsk, process: string): number {
    const seq = (this.#seqs.get(ask.key) ?? 1) + (ask.write ? 1 : 0);
    this.#seqs.set(ask.key, seq);
    if (!ask.write) {
      const watch = this.#watching;
      this.#watching = null;
      watch?.(process);
    }
    return seq;
  }

  /** Called once, with the process whose load asks next. */
  onNextRead(watch: (process: string) => void): void {
    this.#watching = watch;
  }

  isIssued(key: string, seq: number): boolean {
    return seq >= 1 && seq <= (this.#seqs.get(key) ?? 0);
  }
}
