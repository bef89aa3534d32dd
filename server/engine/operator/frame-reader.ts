import type { Redis } from 'ioredis';
import { textOf } from '../ask-redis.ts';
import type { Clock } from '../clock.ts';
import { parseJson } from '../control/parse-json.ts';
import { causeOf, OperatorUnavailable } from '../errors.ts';
import { framesKey } from '../keys.ts';
import { type ResolvedConnection, showAddress } from '../redis/connection.ts';
import { openClient } from '../redis/open-client.ts';
import { withDeadline } from '../redis/with-deadline.ts';
import { frame } from '../wire/frame.ts';
import { AttemptError } from './attempt-error.ts';
import { explainConnectionError } from './explain-connection-error.ts';
import type { FrameBatch, KeySpaceRef } from './operator.ts';
import { listOf } from './replies.ts';

/** A longer wait is cut to this: a socket that is silent for longer is dead. */
const blockMsMax = 2_000;
const answerMsMax = 1_000;
/** Frames remembered by instance and time; the oldest are forgotten first. */
const rememberedMax = 20_000;

/**
 * Reads frames on a connection of its own: XREAD may block it. Reads of one operator queue behind each other. An
 * instance that got no answer to an XADD sends its frame again, so one frame can lie in the stream twice, under two
 * stream ids; the second is left out here.
 */
export class FrameReader {
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #address: string;
  readonly #tls: boolean;
  readonly #seen = new Map<string, string>();
  #queue: Promise<unknown> = Promise.resolve();
  readonly #failure = new AttemptError();

  constructor(connection: ResolvedConnection, clock: Clock) {
    this.#clock = clock;
    this.#address = showAddress(connection);
    this.#tls = connection.tls !== null;
    this.#client = openClient(connection, 'frames', {
      commandTimeoutMs: blockMsMax + answerMsMax,
      socketTimeoutMs: blockMsMax + answerMsMax,
      onError: (_problem, error) => this.#failure.add(error),
    });
    this.#client.on('connecting', () => this.#failure.begin());
    this.#client.on('ready', () => this.#failure.connected());
  }

  read(after: ReadonlyMap<KeySpaceRef, string>, options: { count: number; blockMs: number }): Promise<FrameBatch[]> {
    const mine = this.#queue.then(() => this.#read([...after], options));
    // The next in line waits for the end of this one, whichever it is.
    this.#queue = mine.catch(() => {});
    return mine;
  }

  close(): void {
    this.#client.disconnect();
  }

  async #read(after: readonly (readonly [KeySpaceRef, string])[], options: { count: number; blockMs: number }): Promise<FrameBatch[]> {
    if (after.length === 0) return [];
    if (this.#client.status !== 'ready') throw this.#unavailable(this.#failure.cause);
    const blockMs = Math.min(blockMsMax, Math.max(0, Math.floor(options.blockMs)));
    // COUNT is per stream.
    const count = Math.max(1, Math.floor(options.count / after.length));
    const result = await withDeadline(
      () =>
        this.#client.callBuffer(
          'XREAD',
          'COUNT',
          count,
          // BLOCK 0 would wait for ever.
          ...(blockMs > 0 ? ['BLOCK', blockMs] : []),
          'STREAMS',
          ...after.map(([ref]) => framesKey(ref)),
          ...after.map(([, id]) => id),
        ),
      blockMs + answerMsMax,
      this.#clock,
    );
    if (!result.ok) throw this.#unavailable(result.error);
    const byKey = new Map(after.map(([ref]) => [framesKey(ref), ref]));
    return listOf(result.value).flatMap((stream) => {
      const [key, items] = listOf(stream);
      const ref = byKey.get(textOf(key) ?? '');
      return ref === undefined ? [] : [this.#batch(ref, listOf(items))];
    });
  }

  #batch(ref: KeySpaceRef, items: readonly unknown[]): FrameBatch {
    const batch: FrameBatch = { ref, lastId: '0', frames: [], rejected: 0 };
    for (const item of items) {
      const [id, fields] = listOf(item);
      batch.lastId = textOf(id) ?? batch.lastId;
      const [field, json] = listOf(fields);
      const parsed = textOf(field) === 'f' && Buffer.isBuffer(json) ? parseJson(frame, json) : null;
      if (parsed === null) batch.rejected += 1;
      else if (this.#isFirst(`${parsed.instance} ${parsed.at}`, batch.lastId)) batch.frames.push(parsed);
    }
    return batch;
  }

  #isFirst(name: string, streamId: string): boolean {
    const known = this.#seen.get(name);
    if (known !== undefined) return known === streamId;
    this.#seen.set(name, streamId);
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > rememberedMax && !oldest.done) this.#seen.delete(oldest.value);
    return true;
  }

  #unavailable(cause: unknown): OperatorUnavailable {
    // What an attempt that failed may have been about is told of the commands' connection.
    const reason = explainConnectionError(cause, this.#address, { tls: this.#tls, stood: true });
    return new OperatorUnavailable(reason, 'no', { cause: causeOf(cause) });
  }
}
