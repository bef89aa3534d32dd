import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import type { CacheEvent } from '../events.ts';
import type { FaultSwitch } from '../fault/fault-switch.ts';
import { controlChannel, framesKey, inboxChannel, instancesKey, serviceMember, servicesKey } from '../keys.ts';
import type { AckResult, KeySpaceRef } from '../operator/operator.ts';
import { type PipelineCommand, runPipeline } from '../redis/run-pipeline.ts';
import { createSubscriberHub, type SubscriberHub } from '../redis/subscriber-hub.ts';
import { withDeadline } from '../redis/with-deadline.ts';
import { type ControlAck, type ControlMessage, controlMessage, type ExplainMessage } from '../wire/control-message.ts';
import type { InstanceExplanation } from '../wire/explained.ts';
import type { Frame } from '../wire/frame.ts';
import type { InstanceRecord } from '../wire/instance-record.ts';
import type { PolicyDocument } from '../wire/policy-document.ts';
import { explainAnswerer } from './answer-explain.ts';
import { awaitLive } from './await-live.ts';
import { awaitReady } from './await-ready.ts';
import { AckInbox, type Announcement } from './collect-acks.ts';
import { engineVersion } from './engine-version.ts';
import { FrameBacklog } from './frame-backlog.ts';
import { livingInstances } from './living-instances.ts';
import { Orders } from './orders.ts';
import { parseJson } from './parse-json.ts';
import { parseTimeReply, RedisOffset } from './redis-offset.ts';

/** How often an instance says that it lives, hands over its frame and reads its orders. */
const beatMs = 1_000;
/** Nobody's read waits for the control plane, so it may wait longer than one. */
const answerMsMax = 1_000;
/** `start` waits this long for a connection at most. */
const connectMsMax = 1_000;
/** Items kept of a service's stream of frames: five minutes of three instances. Approximate (`~`). */
const framesKept = 900;

/** What the control link needs of the cache that it serves. */
export interface ControlLinkHost {
  readonly ref: KeySpaceRef;
  readonly instance: string;
  readonly allowFaults: boolean;
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  describeEntities(): InstanceRecord['entities'];
  /** New entries carry the new values from now on. */
  applyPolicies(document: PolicyDocument): void;
  /** A record of the entity carries this rev now. */
  versionSeen(entity: string, rev: string): void;
  /** One second's counters; resets them. */
  takeFrame(atMs: number, durationMs: number): Frame;
  /** For a console that asks; changes nothing, never rejects. */
  explain(entity: string, id: string): Promise<InstanceExplanation>;
  emit(event: CacheEvent): void;
}

export interface ControlLinkIo {
  /** Its own connection, never faulted. The link opens a second like it, to listen on: a fault must not hide its own end. */
  control: Redis;
  faults: FaultSwitch;
  clock: Clock;
}

/**
 * An instance's link to the console: registry, heartbeat, frames, orders, acknowledgements. It works or it does not;
 * the cache answers either way. Everything is repeated each second, so a lost message, record or document costs at
 * most a beat, and what Redis has lost is written again.
 */
export interface ControlLink {
  /** Resolves when the first beat has ended, well or not. */
  start(): Promise<void>;
  /** Redis time, ms since 1970: an offset kept from TIME replies; this host's clock before the first. */
  redisNow(): number;
  /** Publishes to the service's instances and collects their answers, for at most 1 s. Rejects when it cannot be published. */
  announce(announcement: Announcement): Promise<AckResult>;
  /** Hands over the last frame, leaves the registry, ends timers and the listening connection, not `control`. */
  close(): Promise<void>;
}

export function openControlLink(host: ControlLinkHost, io: ControlLinkIo): ControlLink {
  return new RedisControlLink(host, io);
}

class RedisControlLink implements ControlLink {
  readonly #host: ControlLinkHost;
  readonly #io: ControlLinkIo;
  readonly #offset: RedisOffset;
  readonly #backlog = new FrameBacklog();
  readonly #orders: Orders;
  readonly #answerExplain: (question: ExplainMessage) => Promise<void>;
  #hub: SubscriberHub | null = null;
  #inbox: AckInbox | null = null;
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> | null = null;
  #frameFromMs = 0;
  #closed = false;

  constructor(host: ControlLinkHost, io: ControlLinkIo) {
    this.#host = host;
    this.#io = io;
    this.#offset = new RedisOffset(
      () => io.clock.nowMs(),
      () => io.clock.monotonicMs(),
    );
    this.#orders = new Orders(host, {
      faults: io.faults,
      redisNow: () => this.redisNow(),
      ask: (commands) => this.#pipeline(commands),
    });
    this.#answerExplain = explainAnswerer({
      instance: host.instance,
      explain: (entity, id) => host.explain(entity, id),
      publish: async (channel, answer) => {
        await this.#pipeline([{ name: 'PUBLISH', args: [channel, JSON.stringify(answer)] }]);
      },
    });
  }

  async start(): Promise<void> {
    const { ref, instance } = this.#host;
    const listening = this.#io.control.duplicate({ connectionName: 'sideboard-control-listen' });
    listening.on('error', () => {
      // The read connection goes to the same server, and tells of an outage.
    });
    const hub = createSubscriberHub(listening, this.#io.clock, (error) => this.#host.emit({ type: 'listener.failed', error }));
    this.#hub = hub;
    this.#inbox = new AckInbox(hub, inboxChannel(ref, instance));
    hub.subscribe(controlChannel(ref), (payload) => this.#heard(payload));
    this.#frameFromMs = this.#io.clock.monotonicMs();
    this.#timer = setInterval(() => {
      this.#takeFrame();
      this.#beatSoon();
    }, beatMs);
    this.#timer.unref();
    await awaitReady(this.#io.control, connectMsMax, this.#io.clock);
    // Whoever reads of this instance in the registry may expect it to hear.
    if (this.#io.control.status === 'ready') await awaitLive(hub, connectMsMax, this.#io.clock);
    this.#io.control.on('ready', this.#beatSoon);
    this.#beatSoon();
    await this.#beating;
  }

  redisNow(): number {
    return Math.round(this.#offset.now());
  }

  async announce(announcement: Announcement): Promise<AckResult> {
    const { ref } = this.#host;
    const inbox = this.#inbox;
    if (inbox === null) throw new Error('the control link has not started');
    return inbox.collect(announcement, async () => {
      const message = JSON.stringify({ ...announcement, replyTo: inbox.channel });
      const [living, published] = await this.#pipeline([
        { name: 'HVALS', args: [instancesKey(ref)] },
        { name: 'PUBLISH', args: [controlChannel(ref), message] },
      ]);
      if (published instanceof Error) throw published;
      return livingInstances(living, this.redisNow()).map((record) => record.id);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#io.control.off('ready', this.#beatSoon);
    this.#inbox?.close();
    this.#hub?.close();
    await this.#beating;
    this.#takeFrame();
    await this.#leave();
  }

  readonly #beatSoon = (): void => {
    // One at a time: a hung Redis must not gather beats.
    if (this.#closed || this.#beating !== null) return;
    this.#beating = this.#beat().finally(() => {
      this.#beating = null;
    });
  };

  async #beat(): Promise<void> {
    if (this.#io.control.status !== 'ready') return;
    const { ref, instance } = this.#host;
    const frames = this.#backlog.waiting();
    let replies: unknown[];
    let sentMs = this.#io.clock.monotonicMs();
    try {
      // Nothing is said of a time that is not Redis' own.
      if (!this.#offset.known) {
        this.#hearTime((await this.#pipeline([{ name: 'TIME', args: [] }]))[0], sentMs);
        sentMs = this.#io.clock.monotonicMs();
      }
      replies = await this.#pipeline([
        { name: 'TIME', args: [] },
        ...this.#orders.commands,
        { name: 'SADD', args: [servicesKey(), serviceMember(ref)] },
        { name: 'HSET', args: [instancesKey(ref), instance, JSON.stringify(this.#record())] },
        ...frames.map((frame) => appendFrame(ref, frame)),
      ]);
    } catch {
      // Redis does not answer: the read path says so, once. Frames wait; the next beat is a second away.
      return;
    }
    const [time, policies, faults, , , ...added] = replies;
    this.#hearTime(time, sentMs);
    this.#backlog.written(frames.filter((_, index) => Buffer.isBuffer(added[index])));
    this.#orders.take(policies, faults);
  }

  #hearTime(time: unknown, sentMs: number): void {
    const redisMs = parseTimeReply(time);
    if (redisMs !== null) this.#offset.measured(redisMs, sentMs, this.#io.clock.monotonicMs());
  }

  #record(): InstanceRecord {
    const { instance, allowFaults, startedAt } = this.#host;
    return {
      v: 1,
      id: instance,
      host: hostname().slice(0, 255),
      pid: process.pid,
      engine: engineVersion,
      startedAt,
      lastSeenAt: this.redisNow(),
      allowFaults,
      policyRev: this.#orders.policyRev,
      faults: this.#io.faults
        .active()
        .map((order) => order.id)
        .slice(0, 8),
      faultRev: this.#io.faults.rev,
      entities: this.#host.describeEntities(),
    };
  }

  #takeFrame(): void {
    const nowMs = this.#io.clock.monotonicMs();
    const durationMs = nowMs - this.#frameFromMs;
    if (durationMs <= 0) return;
    this.#frameFromMs = nowMs;
    this.#backlog.add(this.#host.takeFrame(this.redisNow(), durationMs));
  }

  #heard(payload: string): void {
    const message = parseJson(controlMessage, payload);
    if (message === null) {
      this.#host.emit({ type: 'control.rejected', what: 'message', reason: 'not of its form' });
      return;
    }
    const answered = message.t === 'explain' ? this.#answerExplain(message) : this.#obey(message);
    answered.catch(() => {
      // Not acknowledged, so the console shows this instance as pending; the next beat reads the documents anyway.
    });
  }

  async #obey(message: Exclude<ControlMessage, ExplainMessage>): Promise<void> {
    const { ref, instance } = this.#host;
    if (!(await this.#orders.obey(message))) return;
    const ack: ControlAck = {
      t: 'ack',
      of: message.t,
      rev: String(message.rev),
      ...(message.t === 'bump' ? { entity: message.entity } : {}),
      instance,
    };
    await this.#pipeline([
      { name: 'PUBLISH', args: [message.replyTo, JSON.stringify(ack)] },
      { name: 'HSET', args: [instancesKey(ref), instance, JSON.stringify(this.#record())] },
    ]);
  }

  async #leave(): Promise<void> {
    if (this.#io.control.status !== 'ready') return;
    const { ref, instance } = this.#host;
    try {
      await this.#pipeline([
        ...this.#backlog.waiting().map((frame) => appendFrame(ref, frame)),
        { name: 'HDEL', args: [instancesKey(ref), instance] },
      ]);
    } catch {
      // Nobody is left to tell: the record goes stale and the console forgets it.
    }
  }

  /** Replies are Buffers, lists, numbers, or the Error of that command. Rejects when Redis does not answer. */
  async #pipeline(commands: readonly PipelineCommand[]): Promise<unknown[]> {
    const result = await withDeadline(() => runPipeline(this.#io.control, commands), answerMsMax, this.#io.clock);
    if (!result.ok) throw result.error;
    return result.value;
  }
}

function appendFrame(ref: KeySpaceRef, frame: Frame): PipelineCommand {
  return { name: 'XADD', args: [framesKey(ref), 'MAXLEN', '~', String(framesKept), '*', 'f', JSON.stringify(frame)] };
}
