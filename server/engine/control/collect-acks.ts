import type { AckResult, ExplainResult } from '../operator/operator.ts';
import type { SubscriberHub } from '../redis/subscriber-hub.ts';
import { type ControlAck, type ControlAnswer, type ControlMessage, controlAnswer, type ExplainMessage } from '../wire/control-message.ts';
import { parseJson } from './parse-json.ts';

/** An instance is waited for while its newest heartbeat is at most this old. Redis ms. */
export const heartbeatMsMax = 5_000;
const waitMsMax = 1_000;
/** Announcements and questions that wait for answers at one time; the oldest is given up beyond. */
const collectionsMax = 1_000;

type WithoutReplyTo<Message> = Message extends ControlMessage ? Omit<Message, 'replyTo'> : never;

/** A change that stands already, and is told. */
export type Announcement = WithoutReplyTo<Exclude<ControlMessage, ExplainMessage>>;
export type Question = WithoutReplyTo<ExplainMessage>;

interface Collection {
  take(answer: ControlAnswer): void;
  check(): void;
}

/** Where the answers to what one process announces and asks arrive: one channel for all of them, subscribed once. */
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
    const acknowledgedAt = (answer: ControlAnswer) => (acknowledges(answer, announcement) ? performance.now() : null);
    const { given, pending } = await this.#gather(acknowledgedAt, send);
    return {
      ackedBy: [...given].map(([instance, atMs]) => ({ instance, afterMs: Math.max(0, Math.round(atMs - startedMs)) })),
      pending,
    };
  }

  /** As `collect`, of a question to the instances that it names; nobody else's answer counts. In their order. */
  async ask({ rev, instances }: Question, send: () => Promise<unknown>): Promise<Omit<ExplainResult, 'living'>> {
    const explanationIn = (answer: ControlAnswer) => (answer.t === 'explained' && answer.rev === rev ? answer.explanation : null);
    const { given, pending } = await this.#gather(explanationIn, async () => {
      await send();
      return instances;
    });
    const answers = instances.flatMap((instance) => {
      const explanation = given.get(instance);
      return explanation === undefined ? [] : [{ instance, explanation }];
    });
    return { answers, pending };
  }

  /** `read` returns null for what is no answer to this. The first answer of an instance counts. */
  async #gather<Given>(
    read: (answer: ControlAnswer) => Given | null,
    send: () => Promise<readonly string[]>,
  ): Promise<{ given: ReadonlyMap<string, Given>; pending: string[] }> {
    const given = new Map<string, Given>();
    let expected: readonly string[] | null = null;
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const collection: Collection = {
      take: (answer) => {
        const found = given.has(answer.instance) ? null : read(answer);
        if (found === null) return;
        given.set(answer.instance, found);
        collection.check();
      },
      check: () => {
        if (this.#closed || expected?.every((instance) => given.has(instance))) finish();
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
    return { given, pending: expected.filter((instance) => !given.has(instance)) };
  }

  #received(payload: string): void {
    // Wakes of waiters share the channel; they begin with another letter.
    const answer = payload.startsWith('{') ? parseJson(controlAnswer, payload) : null;
    // Anybody can publish: what is no answer is nobody's.
    if (answer === null) return;
    for (const one of this.#running) one.take(answer);
  }
}

function acknowledges(answer: ControlAnswer, announcement: Announcement): answer is ControlAck {
  if (answer.t !== 'ack' || answer.of !== announcement.t || answer.rev !== String(announcement.rev)) return false;
  return announcement.t !== 'bump' || answer.entity === announcement.entity;
}
