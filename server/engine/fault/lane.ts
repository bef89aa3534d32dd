/** What a lane carries: bytes, the end of the stream behind them, or a cut that resets the stream where it stands. */
export type LaneItem = Buffer | 'end' | 'cut';

/** How one direction of a stream is to behave. */
export interface LaneShape {
  /** Of several that strike the longest counts. */
  readonly delays: readonly LaneDelay[];
  /** Null: as fast as it comes. */
  readonly bytesPerSecond: number | null;
  /** Chunks are handed on in pieces of this many bytes, one in each turn of the event loop. Null: as they came. */
  readonly sliceBytes: number | null;
  /** Nothing arrives any more, and nobody is told. */
  readonly swallows: boolean;
}

interface LaneDelay {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Of chunks that come late. */
  readonly probability: number;
}

export const openLane: LaneShape = { delays: [], bytesPerSecond: null, sliceBytes: null, swallows: false };

interface LaneOptions {
  /** Gets every item in order. */
  deliver(item: LaneItem): void;
  /** Told each time that the lane becomes full (true), and has room again. */
  onFull?: (full: boolean) => void;
  random: () => number;
}

/** More than this waiting is full: a simulated fault must not eat the process's memory. */
const WAITING_BYTES_MAX = 16 << 20;
/** A narrow lane hands on what fits in this time. */
const SLICE_MS = 50;

/**
 * One direction of a byte stream under simulated failures: what is taken waits in order until it is due, and is handed on
 * in order. Bytes are never lost and then followed by later ones without `lost` saying so, because a missing reply would
 * hand every later caller another key's value; whoever owns the stream ends it then.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #waiting: { item: LaneItem; dueMs: number }[] = [];
  #shape: LaneShape = openLane;
  #waitingBytes = 0;
  #full = false;
  #holds = 0;
  #toSwallow = 0;
  #lost = false;
  /** When a narrow lane has handed on what it last took in hand. */
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  /** The next piece has its turn. */
  #turn: NodeJS.Immediate | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** True once something was swallowed: the stream must not live on. */
  get lost(): boolean {
    return this.#lost;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** For items taken from now on; what waits keeps its place and its time. */
  setShape(shape: LaneShape): void {
    this.#shape = shape;
    this.#flush();
  }

  take(item: LaneItem): void {
    const swallowed = this.#toSwallow > 0 && Buffer.isBuffer(item);
    if (swallowed) this.#toSwallow -= 1;
    if (swallowed || this.#shape.swallows) {
      this.#lost = true;
      return;
    }
    const lastDueMs = this.#waiting.at(-1)?.dueMs ?? 0;
    const delayMs = this.#delayMs();
    this.#waiting.push({ item, dueMs: delayMs === 0 ? lastDueMs : Math.max(lastDueMs, performance.now() + delayMs) });
    this.#count(lengthOf(item));
    this.#flush();
  }

  /** Everything waits until the returned function is called, whatever the shape. */
  hold(): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#flush();
    };
  }

  /** The next chunk is lost, and what follows it is handed on: what no network does, and a broken proxy has done. */
  swallowNext(): void {
    this.#toSwallow += 1;
  }

  /** Hands on all that waits, at once and in order. */
  release(): void {
    this.#stop();
    for (const { item } of this.#waiting.splice(0)) {
      this.#count(-lengthOf(item));
      this.#options.deliver(item);
    }
  }

  /** Forgets what waits; for a stream that has ended. */
  drop(): void {
    this.#stop();
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #delayMs(): number {
    let longest = 0;
    for (const { latencyMs, jitterMs, probability } of this.#shape.delays) {
      if (probability < 1 && this.#options.random() >= probability) continue;
      longest = Math.max(longest, latencyMs + jitterMs * this.#options.random());
    }
    return longest;
  }

  #flush(): void {
    this.#disarm();
    if (this.#holds > 0 || this.#turn !== null) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const nowMs = performance.now();
      const { bytesPerSecond, sliceBytes } = this.#shape;
      const atMs = bytesPerSecond === null ? first.dueMs : Math.max(first.dueMs, this.#freeAtMs);
      if (atMs > nowMs) {
        this.#timer = setTimeout(() => this.#flush(), Math.ceil(atMs - nowMs));
        return;
      }
      if ((bytesPerSecond === null && sliceBytes === null) || !Buffer.isBuffer(first.item)) {
        this.#waiting.shift();
        this.#count(-lengthOf(first.item));
        this.#options.deliver(first.item);
        continue;
      }
      const inTime = bytesPerSecond === null ? first.item.length : Math.max(1, Math.floor((bytesPerSecond * SLICE_MS) / 1_000));
      const slice = first.item.subarray(0, Math.min(inTime, sliceBytes ?? inTime));
      if (slice.length === first.item.length) this.#waiting.shift();
      else first.item = first.item.subarray(slice.length);
      if (bytesPerSecond !== null) this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + (slice.length * 1_000) / bytesPerSecond;
      this.#count(-slice.length);
      this.#options.deliver(slice);
      if (sliceBytes !== null && this.#waiting.length > 0) {
        this.#turn = setImmediate(() => {
          this.#turn = null;
          this.#flush();
        });
        return;
      }
    }
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    const full = this.#waitingBytes > WAITING_BYTES_MAX;
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onFull?.(full);
  }

  #stop(): void {
    this.#disarm();
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function lengthOf(item: LaneItem): number {
  return Buffer.isBuffer(item) ? item.length : 0;
}
