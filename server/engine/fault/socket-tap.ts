import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ErrorReplies } from './error-replies.ts';
import { Lane, type LaneItem, type LaneShape, openLane } from './lane.ts';
import type { RefusedCommand } from './refused-commands.ts';

/** What one socket is to suffer. */
export interface SocketFaults {
  readonly toRedis: LaneShape;
  readonly fromRedis: LaneShape;
  /** Of the chunks that arrive: cut in the middle, and the connection reset. */
  readonly resetShare: number;
  readonly refuse: RefusedCommand | null;
}

const noFaults: SocketFaults = { toRedis: openLane, fromRedis: openLane, resetShare: 0, refuse: null };

/** More than this is not held back while it is sought where the replies stand. */
const HELD_BYTES_MAX = 16 << 20;
/** A connection that has not said within this where its replies stand is ended. */
const SEEK_MS_MAX = 1_000;

/**
 * Puts simulated failures on one socket's way and takes them off again. Node's own code runs on a socket without any: this
 * replaces `push`, through which a Readable gets its bytes, and `write` on the one socket, and deletes both when the last
 * failure has gone. A wrapper stream around the socket was rejected: it costs a hop per chunk when off, and hides
 * `connecting`, `setNoDelay` and the TLS methods from the client. A socket that has lost bytes is never given back.
 */
export class SocketTap {
  readonly #socket: Socket;
  readonly #random: () => number;
  readonly #push: Socket['push'];
  readonly #write: Socket['write'];
  #in: Lane | null = null;
  #out: Lane | null = null;
  #replies: ErrorReplies | null = null;
  #faults = noFaults;
  #seekTimer: NodeJS.Timeout | null = null;
  /** A TLS socket is connected for a while before it can be written to. */
  #secured: boolean;

  /** `socket` is new. */
  constructor(socket: Socket, random: () => number) {
    this.#socket = socket;
    this.#random = random;
    this.#push = socket.push.bind(socket);
    this.#write = socket.write.bind(socket);
    this.#secured = !(socket instanceof TLSSocket);
    socket.once('secureConnect', () => {
      this.#secured = true;
    });
    socket.once('close', () => this.#drop());
  }

  apply(faults: SocketFaults): void {
    const lost = (this.#in?.lost === true && !faults.fromRedis.swallows) || (this.#out?.lost === true && !faults.toRedis.swallows);
    if (lost) {
      this.#socket.destroy(resetError());
      return;
    }
    this.#faults = faults;
    if (!isOpen(faults.toRedis)) this.#out ??= this.#lane((item) => this.#send(item));
    if (!isOpen(faults.fromRedis) || faults.resetShare > 0) this.#in ??= this.#lane((item) => this.#arrive(item));
    this.#out?.setShape(faults.toRedis);
    this.#in?.setShape(faults.fromRedis);
    if (faults.refuse !== null && this.#replies === null) {
      this.#replies = new ErrorReplies(
        (bytes) => this.#hand(bytes),
        () => this.#mayLeave(),
      );
      // Before it is connected the first byte of a reply is still to come, and a question would come before the password.
      if (!this.#socket.connecting && this.#secured) this.#seek(this.#replies);
    }
    this.#replies?.setRefuse(faults.refuse);
    this.#settle();
  }

  /** Hooks what has work to do, and unhooks what has none left. */
  #settle(): void {
    if (this.#replies?.idle === true && this.#faults.refuse === null) this.#replies = null;
    // Unhooked first: what a reader does while it gets the waiting bytes goes the normal way, behind them.
    const lanes = { out: this.#out, in: this.#in };
    if (isOpen(this.#faults.toRedis)) this.#out = null;
    if (isOpen(this.#faults.fromRedis) && this.#faults.resetShare === 0) this.#in = null;
    if (this.#out === null && this.#replies === null) Reflect.deleteProperty(this.#socket, 'write');
    else this.#socket.write = this.#onWrite;
    if (this.#in === null && this.#replies === null) Reflect.deleteProperty(this.#socket, 'push');
    else this.#socket.push = this.#onPush;
    if (this.#out === null) lanes.out?.release();
    if (this.#in === null) lanes.in?.release();
  }

  readonly #onPush = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null) this.#receive('end');
    else if (Buffer.isBuffer(chunk)) this.#cutOrReceive(chunk);
    else this.#receive(Buffer.from(String(chunk), encoding));
    return true;
  };

  readonly #onWrite = (chunk: Uint8Array | string, second?: unknown, third?: unknown): boolean => {
    const encoding = typeof second === 'string' && Buffer.isEncoding(second) ? second : 'utf8';
    let bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    try {
      if (this.#replies !== null) bytes = this.#replies.outgoing(bytes);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : resetError());
      return false;
    }
    if (bytes.length > 0) this.#dispatch(bytes);
    const done = typeof second === 'function' ? second : third;
    if (typeof done === 'function') process.nextTick(() => done(null));
    return true;
  };

  #cutOrReceive(chunk: Buffer): void {
    const { resetShare } = this.#faults;
    if (resetShare === 0 || this.#random() >= resetShare) {
      this.#receive(chunk);
      return;
    }
    if (chunk.length > 1) this.#receive(chunk.subarray(0, chunk.length >> 1));
    this.#receive('cut');
  }

  #receive(item: LaneItem): void {
    if (this.#in === null) this.#arrive(item);
    else this.#in.take(item);
  }

  #dispatch(bytes: Buffer): void {
    if (this.#out === null) this.#send(bytes);
    else this.#out.take(bytes);
  }

  #send(item: LaneItem): void {
    if (Buffer.isBuffer(item) && this.#socket.writable) this.#write(item);
  }

  #arrive(item: LaneItem): void {
    if (this.#socket.destroyed) return;
    if (item === 'cut') this.#socket.destroy(resetError());
    else if (item === 'end') this.#push(null);
    else if (this.#replies === null) this.#hand(item);
    else {
      this.#replies.incoming(item);
      if ((this.#replies?.heldBytes ?? 0) > HELD_BYTES_MAX) this.#socket.destroy(resetError());
    }
  }

  #mayLeave(): void {
    if (this.#replies?.seeking === false) this.#endSeek();
    if (this.#faults.refuse === null) this.#settle();
  }

  #hand(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#push(bytes);
  }

  #seek(replies: ErrorReplies): void {
    this.#dispatch(replies.seek());
    this.#seekTimer = setTimeout(() => this.#socket.destroy(resetError()), SEEK_MS_MAX);
    this.#seekTimer.unref();
  }

  #endSeek(): void {
    if (this.#seekTimer !== null) clearTimeout(this.#seekTimer);
    this.#seekTimer = null;
  }

  #lane(deliver: (item: LaneItem) => void): Lane {
    const onFull = (): void => {
      this.#socket.destroy(new Error('simulated fault: too many bytes wait'));
    };
    return new Lane({ deliver, onFull, random: this.#random });
  }

  #drop(): void {
    this.#endSeek();
    this.#in?.drop();
    this.#out?.drop();
  }
}

function isOpen(shape: LaneShape): boolean {
  return shape.delays.length === 0 && shape.bytesPerSecond === null && shape.sliceBytes === null && !shape.swallows;
}

export function resetError(): Error {
  return Object.assign(new Error('read ECONNRESET (simulated)'), { code: 'ECONNRESET', syscall: 'read' });
}
