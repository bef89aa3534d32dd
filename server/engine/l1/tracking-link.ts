import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { describeError } from '../errors.ts';
import type { GuardedClient } from '../redis/guarded-client.ts';
import { withDeadline } from '../redis/with-deadline.ts';
import type { Legality } from './local-entries.ts';

/**
 * Rule 13: how this process hears of every change to what it has read. Redis remembers what the read connection asked for
 * (CLIENT TRACKING) and pushes each change to a subscriber of its own, since ioredis drops such messages elsewhere. A lost
 * message shows nowhere, so the proof is positive: several times within the bound both connections are asked, and values may be
 * served for the bound from the moment of asking. The answer of the subscriber proves that what was acknowledged before has
 * been pushed (its messages come in order); that of the read connection, that Redis still tracks it, towards this subscriber,
 * and is a primary that takes writes.
 */

const CHANNEL = '__redis__:invalidate';
/** Both connections are asked this often within the bound. */
const PROOFS_PER_BOUND = 4;
/** A server that refuses is asked again after this. A link that was lost waits for nothing but its return. */
const RETRY_MS = 5_000;

export interface TrackingLinkParts {
  /** Its commands are what Redis tracks. */
  readonly read: GuardedClient;
  /** Speaks RESP2 and is used for nothing else. Owned from now on. */
  readonly subscriber: Redis;
  readonly clock: Clock;
  readonly boundMs: number;
  readonly deadlineMs: number;
  /** Any key: GETEX of it is a no-op that only a primary answers. */
  readonly probeKey: string;
  /** Data keys and version keys that changed; null: all of them. */
  onChanged(keys: readonly Buffer[] | null): void;
  /** Served or not, from now on. `reason` is one safe line. */
  onState(serving: boolean, reason: string): void;
}

export class TrackingLink {
  readonly legality: Legality = { untilMs: Number.NEGATIVE_INFINITY };
  readonly #parts: TrackingLinkParts;
  #redirectId: number | null = null;
  /** Counts each link that came, so that one which came while another was being armed is not missed. */
  #links = 0;
  #armed = false;
  #arming = false;
  #proving = false;
  #serving = false;
  #closed = false;
  #cancel: () => void = () => {};
  #epoch = 0;

  constructor(parts: TrackingLinkParts) {
    this.#parts = parts;
    const { subscriber, read } = parts;
    subscriber.on('ready', () => {
      this.#subscribe().catch((error: unknown) => {
        this.#disarm(`the subscriber is refused (${describeError(error)})`);
        this.#again(RETRY_MS);
      });
    });
    subscriber.on('close', () => {
      this.#redirectId = null;
      this.#disarm('the link to the invalidations is lost');
    });
    subscriber.on('messageBuffer', (channel: Buffer, keys: unknown) => {
      if (channel.toString() === CHANNEL) parts.onChanged(Array.isArray(keys) ? keys.filter(Buffer.isBuffer) : null);
    });
    read.client.on('close', () => this.#disarm('the read connection is lost'));
    read.onUsable(() => {
      this.#links += 1;
      this.#arm();
    });
  }

  /** Of the tracking that runs now; null while none does. What was read under another epoch is not kept. */
  get epoch(): number | null {
    return this.#armed ? this.#epoch : null;
  }

  close(): void {
    this.#closed = true;
    this.#disarm('closed');
    this.#cancel();
    this.#parts.subscriber.disconnect();
  }

  /** CLIENT ID first: a RESP2 connection that subscribes takes no other command. */
  async #subscribe(): Promise<void> {
    const { subscriber } = this.#parts;
    const id = await subscriber.client('ID');
    await subscriber.subscribe(CHANNEL);
    if (subscriber.status !== 'ready' || typeof id !== 'number') return;
    this.#redirectId = id;
    this.#links += 1;
    this.#arm();
  }

  #arm(): void {
    const { read, clock, deadlineMs, boundMs } = this.#parts;
    const redirectId = this.#redirectId;
    if (redirectId === null || !read.usable || this.#arming || this.#closed) return;
    this.#arming = true;
    const links = this.#links;
    const { client } = read;
    const track = async () => {
      // Off first: a server may keep another mode, or another redirection, for as long as it is on.
      await client.call('CLIENT', 'TRACKING', 'OFF');
      await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', redirectId);
    };
    const done = (refusal: string | null, retryMs: number) => {
      this.#arming = false;
      if (this.#closed) return;
      // Whatever was said of links that are gone: those of now are asked, at once or when they come.
      if (this.#links !== links || this.#redirectId !== redirectId || !read.usable) return this.#arm();
      if (refusal !== null) {
        this.#disarm(refusal);
        this.#again(retryMs);
        return;
      }
      this.#epoch += 1;
      this.#armed = true;
      this.#parts.onChanged(null);
      this.#prove();
    };
    withDeadline(track, Math.max(500, 2 * deadlineMs), clock).then(
      (result) => {
        if (result.ok) return done(null, 0);
        const why = describeError(result.error);
        // No answer in time is no refusal.
        if (result.reason === 'deadline') done(`Redis does not say that it tracks (${why})`, boundMs / PROOFS_PER_BOUND);
        else done(`Redis refuses to track (${why})`, RETRY_MS);
      },
      () => done('Redis refuses to track', RETRY_MS),
    );
  }

  #prove(): void {
    this.#cancel();
    if (this.#closed || !this.#armed || this.#proving) return;
    this.#proving = true;
    const { subscriber, read, clock, boundMs, probeKey } = this.#parts;
    const epoch = this.#epoch;
    const askedMs = clock.monotonicMs();
    const ask = () =>
      Promise.all([
        subscriber.ping(),
        read.client.call('CLIENT', 'TRACKINGINFO'),
        // Refused by what is no primary any more.
        read.client.call('GETEX', probeKey),
      ]);
    withDeadline(ask, boundMs, clock).then(
      (result) => {
        this.#proving = false;
        if (!this.#armed || epoch !== this.#epoch) return this.#prove();
        const problem = result.ok ? problemOf(result.value[1], this.#redirectId) : describeError(result.error);
        if (problem === null) this.#proven(askedMs);
        // No answer in time is no proof, and no refusal either: the bound runs out by itself.
        else if (result.ok || result.reason === 'error') this.#disarm(problem);
        else this.#tell(this.legality.untilMs > clock.monotonicMs(), 'no answer within the bound');
        if (this.#armed) this.#again(boundMs / PROOFS_PER_BOUND);
        else this.#again(RETRY_MS);
      },
      () => {
        this.#proving = false;
      },
    );
  }

  #proven(askedMs: number): void {
    this.legality.untilMs = askedMs + this.#parts.boundMs;
    this.#tell(this.legality.untilMs > this.#parts.clock.monotonicMs(), 'proven');
  }

  #disarm(reason: string): void {
    this.#armed = false;
    this.legality.untilMs = Number.NEGATIVE_INFINITY;
    this.#tell(false, reason);
  }

  #again(delayMs: number): void {
    this.#cancel();
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.after(delayMs, () => {
      if (this.#armed) this.#prove();
      else if (this.#redirectId !== null) this.#arm();
      else if (this.#parts.subscriber.status === 'ready') this.#parts.subscriber.disconnect(true);
    });
  }

  #tell(serving: boolean, reason: string): void {
    if (serving === this.#serving || this.#closed) return;
    this.#serving = serving;
    this.#parts.onState(serving, reason);
  }
}

/** CLIENT TRACKINGINFO: `flags`, a list, `redirect`, an id, …; null if it tracks towards this subscriber. */
function problemOf(info: unknown, redirectId: number | null): string | null {
  if (!Array.isArray(info)) return 'an unknown answer about tracking';
  const flags: unknown = info[info.indexOf('flags') + 1];
  if (!Array.isArray(flags) || !flags.includes('on')) return 'Redis does not track this connection';
  if (flags.includes('broken_redirect')) return 'the redirection of invalidations is broken';
  return info[info.indexOf('redirect') + 1] === redirectId ? null : 'invalidations go to another connection';
}
