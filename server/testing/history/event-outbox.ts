import type { HistoryEvent } from './history-event.ts';

const BATCH_MAX = 400;
/** Batches on the way at most; clients wait while there are more. */
const BATCHES_MAX = 20;

/** What a process has to tell, in batches. An event and the time of its end are put in without a pause between them, so a batch is whole up to the time at which it is made. */
export class EventOutbox {
  readonly #nowUs: () => number;
  readonly #send: (batch: { upToUs: number; events: HistoryEvent[]; operations: number }, sent: () => void) => void;
  #events: HistoryEvent[] = [];
  #operations = 0;
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(
    nowUs: () => number,
    send: (batch: { upToUs: number; events: HistoryEvent[]; operations: number }, sent: () => void) => void,
  ) {
    this.#nowUs = nowUs;
    this.#send = send;
  }

  put(event: HistoryEvent): void {
    this.#events.push(event);
    if (event.kind !== 'undo-begun') this.#operations += 1;
    if (this.#events.length >= BATCH_MAX) this.#flush(() => {});
  }

  /** Resolves when all that was put in has left this process. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.#flush(resolve));
  }

  /** Resolves when there is room. */
  async room(): Promise<void> {
    while (this.#underWay > BATCHES_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #flush(gone: () => void): void {
    const batch = { upToUs: this.#nowUs(), events: this.#events, operations: this.#operations };
    this.#events = [];
    this.#operations = 0;
    this.#underWay += 1;
    this.#send(batch, () => {
      this.#underWay -= 1;
      for (const go of this.#waiting.splice(0)) go();
      gone();
    });
  }
}
