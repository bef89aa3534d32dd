import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CacheEvent } from '../../engine/events.ts';
import { controlChannel, instancesKey, operatorInboxChannel } from '../../engine/keys.ts';
import { createOperator } from '../../engine/operator/create-operator.ts';
import type { ExplainResult, Operator } from '../../engine/operator/operator.ts';
import { controlAnswer, controlMessage } from '../../engine/wire/control-message.ts';
import type { InstanceRecord } from '../../engine/wire/instance-record.ts';
import { keySpaceOf } from '../engine/key-space.ts';
import { isLocal, served, soon } from '../engine/local-hits.ts';
import { deferred } from '../engine/open-caches.ts';
import { redisBed } from '../engine/redis-bed.ts';
import { toldClock } from '../engine/told-clock.ts';

const ref = { env: 'test', service: 'shop' };
const bed = redisBed({ deadlineMs: 2_000, policies: { product: { ttl: '10min', staleWindow: '10min', jitter: 0, earlyRefresh: 'off' } } });
const { caches } = bed;
const { putEntry } = keySpaceOf(() => bed.redis);
const fresh = { createdMs: -1_000, freshMs: 540_000, expiresMs: 600_000 };

async function openOperator(): Promise<Operator> {
  const operator = createOperator({ redis: bed.server.url });
  onTestFinished(() => operator.close());
  await operator.ready();
  return operator;
}

/** What the one instance that runs says; its parts, where it knows the entity. */
async function explained(operator: Operator, id = '1') {
  const { answers, pending } = await operator.explain(ref, 'product', id);
  expect(pending).toEqual([]);
  expect(answers).toHaveLength(1);
  const explanation = answers[0]?.explanation;
  if (explanation?.kind !== 'known') throw new Error('the entity is not known');
  return explanation;
}

const doing = ({ answers }: ExplainResult) =>
  answers.map(({ explanation }) => (explanation.kind === 'known' ? explanation.next.does : explanation.kind)).sort();

const rejected = (events: readonly CacheEvent[]) => events.filter((event) => event.type === 'control.rejected').length;

/** In the registry alone: an instance that beats, and never answers. */
async function silentInstances(operator: Operator, count: number): Promise<string[]> {
  const [record] = await operator.instances(ref);
  const silent = Array.from({ length: count }, (_, index): InstanceRecord | undefined =>
    record === undefined ? undefined : { ...record, id: `silent-${index}`.padEnd(16, '0'), lastSeenAt: record.lastSeenAt + 3_600_000 },
  );
  for (const one of silent) if (one !== undefined) await bed.redis.hset(instancesKey(ref), one.id, JSON.stringify(one));
  return silent.flatMap((one) => (one === undefined ? [] : [one.id]));
}

describe('an operator asks running instances to explain a key', () => {
  it('every instance answers, where the entry stands and what its next read does', async () => {
    const fleet = [await caches.open(), await caches.open(), await caches.open()];
    const operator = await openOperator();
    await fleet[0]?.cache.peek('product', 'warm');
    await putEntry('1', 'v', fresh);
    const ids = (await operator.instances(ref)).map((instance) => instance.id);
    const result = await operator.explain(ref, 'product', '1');
    expect(result).toMatchObject({ pending: [], living: 3 });
    expect(result.answers.map((answer) => answer.instance)).toEqual(ids);
    for (const { explanation } of result.answers) {
      expect(explanation).toMatchObject({
        kind: 'known',
        entity: 'product',
        id: '1',
        tier: 'redis',
        freshness: { kind: 'fresh' },
        lease: null,
        local: null,
        next: { does: 'serve', why: 'the entry is fresh' },
      });
    }
    expect(doing(await operator.explain(ref, 'product', 'gone'))).toEqual(['load and fill', 'load and fill', 'load and fill']);
  });

  it('who holds the lease says so, and the others name it', async () => {
    const [holder] = [await caches.open(), await caches.open()];
    const operator = await openOperator();
    const answer = deferred<string>();
    const load = vi.fn(() => answer.promise);
    const read = holder?.cache.getOrSet('product', '1', load);
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(1), soon);
    const { answers } = await operator.explain(ref, 'product', '1');
    const leases = answers.flatMap(({ explanation }) => (explanation.kind === 'known' && explanation.lease ? [explanation.lease] : []));
    expect(leases.map((lease) => lease.own).sort()).toEqual([false, true]);
    expect(new Set(leases.map((lease) => lease.holder)).size).toBe(1);
    for (const { instance, explanation } of answers) {
      expect(explanation).toMatchObject({ next: { does: 'wait' } });
      if (explanation.kind === 'known' && explanation.lease?.own) expect(instance).toBe(explanation.lease.holder);
    }
    answer.resolve('v');
    await read;
  });

  it('an entity that an instance has no policy for is said to be unknown, and is no error', async () => {
    await caches.open();
    const other = await caches.open({ policies: { order: { ttl: '1min' } } });
    const operator = await openOperator();
    expect(doing(await operator.explain(ref, 'order', '1'))).toEqual(['load and fill', 'unknown entity']);
    expect(rejected(other.events)).toBe(0);
  });

  it('no instance runs: nobody is asked', async () => {
    const operator = await openOperator();
    await bed.redis.config('RESETSTAT');
    expect(await operator.explain(ref, 'product', '1')).toEqual({ answers: [], pending: [], living: 0 });
    expect(await bed.redis.info('commandstats')).not.toContain('cmdstat_publish');
  });

  it('an instance that runs and does not answer is pending', async () => {
    await caches.open();
    const operator = await openOperator();
    const [silent] = await silentInstances(operator, 1);
    const result = await operator.explain(ref, 'product', '1');
    expect(result).toMatchObject({ pending: [silent], living: 2 });
    expect(doing(result)).toEqual(['load and fill']);
  });

  it('of a large fleet eight are asked, and the same eight again', async () => {
    await caches.open();
    const operator = await openOperator();
    await silentInstances(operator, 10);
    const asked = async () => {
      const { answers, pending, living } = await operator.explain(ref, 'product', '1');
      expect(living).toBe(11);
      return [...answers.map((answer) => answer.instance), ...pending].sort();
    };
    const first = await asked();
    expect(first).toHaveLength(8);
    expect(await asked()).toEqual(first);
  });

  it('rejects where Redis cannot be asked', async () => {
    const operator = await openOperator();
    await bed.server.kill();
    try {
      await expect(operator.explain(ref, 'product', '1')).rejects.toMatchObject({ name: 'OperatorUnavailable', applied: 'no' });
    } finally {
      await bed.server.restart();
    }
  });
});

describe('an instance that is asked', () => {
  /** Publishes as a console does, and gathers the answers by the name of their question. */
  async function asker() {
    const inbox = operatorInboxChannel('a-test');
    const heard: string[] = [];
    const listening = bed.server.client();
    listening.on('message', (_channel: string, payload: string) => {
      const answer = controlAnswer.parse(JSON.parse(payload));
      heard.push(answer.rev);
    });
    await listening.subscribe(inbox);
    onTestFinished(() => listening.disconnect());
    const publish = (message: unknown) => bed.redis.publish(controlChannel(ref), JSON.stringify(message));
    const ask = (rev: string, instances: string[]) =>
      publish(controlMessage.parse({ t: 'explain', rev, entity: 'product', id: '1', instances, replyTo: inbox }));
    return { heard, ask, publish, inbox };
  }

  it('answers what names it and nothing else, and takes what is no question for an event', async () => {
    const { events } = await caches.open();
    const operator = await openOperator();
    const [own] = await operator.instances(ref);
    const { heard, ask, publish, inbox } = await asker();
    await ask('to-others', ['somebody-else---']);
    await publish({ t: 'explain', rev: 'bad', entity: 'product', instances: [own?.id], replyTo: inbox });
    await ask('to-it', [own?.id ?? '']);
    await vi.waitFor(() => expect(heard).toEqual(['to-it']), soon);
    expect(rejected(events)).toBe(1);
  });

  it('makes four explanations at a time; what comes beyond goes unanswered', async () => {
    await caches.open();
    const operator = await openOperator();
    const [own] = await operator.instances(ref);
    const { heard, ask } = await asker();
    const questions = Array.from({ length: 12 }, (_, index) => `q${index}`);
    // In one write, so that the instance hears them together.
    const pipeline = bed.redis.pipeline();
    for (const rev of questions) {
      const message = { t: 'explain', rev, entity: 'product', id: '1', instances: [own?.id], replyTo: operatorInboxChannel('a-test') };
      pipeline.publish(controlChannel(ref), JSON.stringify(message));
    }
    await pipeline.exec();
    await vi.waitFor(async () => {
      await ask('after', [own?.id ?? '']);
      expect(heard).toContain('after');
    }, soon);
    expect(heard.filter((rev) => rev !== 'after')).toEqual(questions.slice(0, 4));
  });

  it('believes no answer but that of an instance which was asked', async () => {
    await caches.open();
    const operator = await openOperator();
    const [silent] = await silentInstances(operator, 1);
    const forged = bed.server.client();
    onTestFinished(() => forged.disconnect());
    forged.on('message', (_channel: string, payload: string) => {
      const message = controlMessage.parse(JSON.parse(payload));
      if (message.t !== 'explain') return;
      for (const [rev, instance] of [
        [message.rev, 'a-stranger------'],
        ['another-question', silent],
      ]) {
        void bed.redis.publish(message.replyTo, JSON.stringify({ t: 'explained', rev, instance, explanation: { kind: 'unknown entity' } }));
      }
    });
    await forged.subscribe(controlChannel(ref));
    const result = await operator.explain(ref, 'product', '1');
    expect(doing(result)).toEqual(['load and fill']);
    expect(result.pending).toEqual([silent]);
  });
});

describe('what an instance holds itself', () => {
  async function holding(options: object = {}) {
    const clock = toldClock();
    const traced = await caches.open({ l1: { boundMs: 60_000 }, ...options }, { clock });
    const operator = await openOperator();
    await traced.cache.set('product', '1', { v: 1 });
    await served(traced);
    return { traced, operator, clock };
  }

  it('held and served: the process answers, and the next read does as it said', async () => {
    const { traced, operator } = await holding();
    const explanation = await explained(operator);
    expect(explanation).toMatchObject({
      tier: 'l1',
      local: { serves: true, why: 'hears of every change within its bound', sizeBytes: expect.any(Number) },
      next: { does: 'serve' },
    });
    expect(explanation.local?.createdMs).toBe(explanation.freshness.kind === 'fresh' ? explanation.freshness.createdMs : null);
    expect(await isLocal(traced, '1')).toBe(true);
  });

  it('held and not served: past its time here', async () => {
    const { traced, operator, clock } = await holding();
    clock.jumpMs = 600_000;
    const explanation = await explained(operator);
    expect(explanation.tier).not.toBe('l1');
    expect(explanation.local).toMatchObject({ serves: false, why: expect.stringMatching(/^past its time here/) });
    expect(await isLocal(traced, '1')).toBe(false);
  });

  it('held and not served: the link that tells of changes is not proven', async () => {
    const { traced, operator, clock } = await holding();
    clock.jumpMs = 60_001;
    expect(await explained(operator)).toMatchObject({
      tier: 'redis',
      local: { serves: false, why: 'the link that tells of changes is not proven' },
      next: { does: 'serve', why: 'the entry is fresh' },
    });
    expect(await isLocal(traced, '1')).toBe(false);
  });

  it('held and not served: a newer version was heard of', async () => {
    const { traced, operator } = await holding();
    // Ahead of the record that Redis has and tells of.
    const rev = String((await operator.now()) * 1_000 + 3_600_000_000);
    await bed.redis.publish(controlChannel(ref), JSON.stringify({ t: 'bump', entity: 'product', rev, replyTo: 'nobody' }));
    await vi.waitFor(
      async () =>
        expect(await explained(operator)).toMatchObject({ tier: 'none', local: { serves: false, why: 'a newer version was heard of' } }),
      soon,
    );
    expect(await isLocal(traced, '1')).toBe(false);
  });

  it('off, or holding nothing: null', async () => {
    await caches.open();
    await caches.open({ l1: {} });
    const operator = await openOperator();
    const { answers } = await operator.explain(ref, 'product', '1');
    expect(answers.map(({ explanation }) => (explanation.kind === 'known' ? explanation.local : explanation))).toEqual([null, null]);
  });
});
