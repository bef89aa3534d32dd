import type { AckResult } from '../operator/operator.ts';
import type { SubscriberHub } from '../redis/subscriber-hub.ts';
import { type ControlAck, type ControlMessage, controlAck } from '../wire/control-message.ts';
import { parseJson } from './parse-json.ts';

/** An instance is waited for while its newest heartbeat is at most this old. Redis ms. */
export const heartbeatMsMax = 5_000;
const waitMsMax = 1_000;
/** Announcements that wait for answers at one time; the oldest is given up beyond. */
const collectionsMax = 1_000;

export type Announcement = ControlMessage extends infer Message
  ? Message extends ControlMessage
    ? Omit<Message, 'replyTo'>
    : never
  : never;

interface Collection {
  readonly announcement: Announcement;
  readonly ackedBy: Map<string, number>;
  check(): void;
}

/** Where the answers to one process's announcements arrive: one channel for all of them, subscribed once. */
export class AckInbox {
  readonly channel: string;
  readonly #running = new Set<Collection>();
  readonly #unsubscribe: () => void;
  #closed = false;

  constructor(hub: SubscriberHub, channel: string) {
    this.channel = channel;
    this.#unsubscribe = hub.subscribe(channel, (payload) => this.#received(payload));
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    for (const one of [...this.#running]) one.check();
  }

  /**
   * Runs `send`, which publishes the announcement and returns the ids of the instances that ought to answer, and
   * collects answers for at most 1 s; ends early when all have. Rejects only with what `send` rejects with.
   */
  async collect(announcement: Announcement, send: () => Promise<readonly string[]>): Promise<AckResult> {
    const startedMs = performance.now();
    const ackedBy = new Map<string, number>();
    let expected: readonly string[] | null = null;
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const collection: Collection = {
      announcement,
      ackedBy,
      check: () => {
        if (this.#closed || expected?.every((instance) => ackedBy.has(instance))) finish();
      },
    };
    this.#running.add(collection);
    const oldest = this.#running.values().next();
    if (this.#running.size > collectionsMax && !oldest.done) this.#running.delete(oldest.value);
    const timer = setTimeout(finish, waitMsMax);
    try {
      expected = await send();
      collection.check();
      await finished;
    } finally {
      clearTimeout(timer);
      this.#running.delete(collection);
    }
    return {
      ackedBy: [...ackedBy].map(([instance, atMs]) => ({ instance, afterMs: Math.max(0, Math.round(atMs - startedMs)) })),
      pending: expected.filter((instance) => !ackedBy.has(instance)),
    };
  }

  #received(payload: string): void {
    // Wakes of waiters share the channel; they begin with another letter.
    const ack = payload.startsWith('{') ? parseJson(controlAck, payload) : null;
    // Anybody can publish: what is no answer is nobody's.
    if (ack === null) return;
    for (const one of this.#running) {
      if (!answers(ack, one.announcement) || one.ackedBy.has(ack.instance)) continue;
      one.ackedBy.set(ack.instance, performance.now());
      one.check();
    }
  }
}

function answers(ack: ControlAck, announcement: Announcement): boolean {
  if (ack.of !== announcement.t || ack.rev !== String(announcement.rev)) return false;
  return announcement.t !== 'bump' || ack.entity === announcement.entity;
}
