import { randomBytes } from 'node:crypto';
import type { RefusedCommand } from './refused-commands.ts';
import { CommandFramer, ReplyFramer } from './resp-framer.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Answers some of a connection's commands with an error in Redis' place. A refused command is never sent, and its error
 * stands where its reply would have stood, so the client stays in step: as many replies as commands, in their order. On a
 * connection that is in use nobody can tell how many replies are under way, so a PING with a text that is its own is sent
 * first: what comes before its answer belongs to earlier commands, and its answer is taken out again.
 */
export class ErrorReplies {
  readonly #deliver: (bytes: Buffer) => void;
  readonly #onIdle: () => void;
  readonly #commands = new CommandFramer();
  readonly #replies = new ReplyFramer();
  /** What each command that is not answered yet will be answered with; null: by Redis itself. */
  readonly #pending: (Buffer | null)[] = [];
  #refuse: RefusedCommand | null = null;
  #refused = 0;
  /** `tail`: the last bytes held, in which the marker may have begun. */
  #seeking: { marker: Buffer; held: Buffer[]; heldBytes: number; tail: Buffer } | null = null;

  /** `deliver` gets the bytes that the client is to see; `onIdle` is told when `idle` may have become true. */
  constructor(deliver: (bytes: Buffer) => void, onIdle: () => void) {
    this.#deliver = deliver;
    this.#onIdle = onIdle;
  }

  /** True while no error waits behind a reply that is to come: the connection can go on without. */
  get idle(): boolean {
    return this.#refused === 0 && this.#seeking === null;
  }

  /** What waits until it is known where the replies stand. */
  get heldBytes(): number {
    return this.#seeking?.heldBytes ?? 0;
  }

  /** True until it is known where the replies stand. */
  get seeking(): boolean {
    return this.#seeking !== null;
  }

  /** Null: no further command is refused. */
  setRefuse(refuse: RefusedCommand | null): void {
    this.#refuse = refuse;
  }

  /** For a connection in use: the command that must be sent now. */
  seek(): Buffer {
    const text = randomBytes(16).toString('hex');
    this.#seeking = { marker: Buffer.from(`$${text.length}\r\n${text}\r\n`, 'latin1'), held: [], heldBytes: 0, tail: NOTHING };
    return Buffer.from(`*2\r\n$4\r\nPING\r\n$${text.length}\r\n${text}\r\n`, 'latin1');
  }

  /** What of the client's bytes is to be sent. Throws where they are no commands. */
  outgoing(bytes: Buffer): Buffer {
    const passed: Buffer[] = [];
    for (const command of this.#commands.read(bytes)) {
      const error = this.#refuse?.(command) ?? null;
      this.#pending.push(error);
      if (error === null) passed.push(command.bytes);
      else this.#refused += 1;
    }
    // Never within the write: the client does not know yet that it waits for this reply.
    if (this.#refused > 0) process.nextTick(() => this.#answer());
    return Buffer.concat(passed);
  }

  incoming(bytes: Buffer): void {
    const { ours, earlier } = this.#afterMarker(bytes);
    if (earlier.length > 0) this.#deliver(earlier);
    this.#answer();
    let at = 0;
    while (at < ours.length) {
      const end = this.#replies.read(ours, at);
      this.#deliver(ours.subarray(at, end));
      at = end;
      if (!this.#replies.between) continue;
      this.#pending.shift();
      this.#answer();
    }
  }

  /** Errors whose turn it is. */
  #answer(): void {
    if (this.#seeking !== null || !this.#replies.between) return;
    for (let first = this.#pending[0]; first instanceof Buffer; first = this.#pending[0]) {
      this.#pending.shift();
      this.#refused -= 1;
      this.#deliver(first);
    }
    if (this.idle) this.#onIdle();
  }

  /** Until the marker has come all bytes wait: one that is cut in two must not be passed on in part. */
  #afterMarker(bytes: Buffer): { earlier: Buffer; ours: Buffer } {
    const seeking = this.#seeking;
    if (seeking === null) return { earlier: NOTHING, ours: bytes };
    seeking.held.push(bytes);
    seeking.heldBytes += bytes.length;
    const window = Buffer.concat([seeking.tail, bytes]);
    const found = window.indexOf(seeking.marker);
    if (found === -1) {
      seeking.tail = window.subarray(Math.max(0, window.length - seeking.marker.length + 1));
      return { earlier: NOTHING, ours: NOTHING };
    }
    const all = Buffer.concat(seeking.held);
    const at = all.length - window.length + found;
    this.#seeking = null;
    return { earlier: all.subarray(0, at), ours: all.subarray(at + seeking.marker.length) };
  }
}
