import type { OriginAsk } from './worker-message.ts';

/** A process's way to the origin: the asks of one turn of the event loop go out as one message. */
export class OriginLink {
  readonly #send: (asks: OriginAsk[]) => void;
  readonly #waiting = new Map<number, (seq: number) => void>();
  #asks: OriginAsk[] = [];
  #next = 0;

  constructor(send: (asks: OriginAsk[]) => void) {
    this.#send = send;
  }

  /** The number of the state that the origin holds now. */
  read(key: string): Promise<number> {
    return this.#ask(key, false);
  }

  /** Changes the origin; resolves with the number of the new state. */
  write(key: string): Promise<number> {
    return this.#ask(key, true);
  }

  answered(answers: readonly { ask: number; seq: number }[]): void {
    for (const { ask, seq } of answers) {
      this.#waiting.get(ask)?.(seq);
      this.#waiting.delete(ask);
    }
  }

  #ask(key: string, write: boolean): Promise<number> {
    return new Promise((resolve) => {
      const ask = this.#next++;
      this.#waiting.set(ask, resolve);
      if (this.#asks.push({ ask, key, write }) === 1) {
        setImmediate(() => {
          const asks = this.#asks;
          this.#asks = [];
          this.#send(asks);
        });
      }
    });
  }
}
