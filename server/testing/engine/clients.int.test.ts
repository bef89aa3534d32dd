import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../engine/clock.ts';
import { resolveConnection } from '../../engine/redis/connection.ts';
import { openClient } from '../../engine/redis/open-client.ts';
import { createSubscriberHub } from '../../engine/redis/subscriber-hub.ts';
import { redisBed } from './redis-bed.ts';

const bed = redisBed();

describe('clients', () => {
  it('rule 11: a command whose connection was lost is neither left pending nor sent again', async () => {
    const client = openClient(resolveConnection(bed.server.url), 'write', { commandTimeoutMs: 60_000, socketTimeoutMs: 60_000 });
    await once(client, 'ready');
    bed.server.pause();
    const lost = client.incr('count').then(
      () => 'answered',
      () => 'rejected',
    );
    await bed.server.kill();
    await bed.server.restart();
    await vi.waitFor(async () => expect(await client.get('other')).toBeNull(), 5_000);
    expect(await lost).toBe('rejected');
    expect(await client.get('count')).toBeNull();
    client.disconnect();
  });

  it('a command without a connection is refused at once, and queued nowhere', async () => {
    const client = openClient({ ...resolveConnection(bed.server.url), port: 1 }, 'read');
    await expect(client.get('x')).rejects.toThrow(/enableOfflineQueue/);
    client.disconnect();
  });

  it('a handshake that nobody answers is given up, and tried again until somebody does', async () => {
    bed.server.pause();
    const client = openClient(resolveConnection(bed.server.url), 'read');
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    bed.server.resume();
    await once(client, 'ready');
    client.disconnect();
  });

  it('a connection on which a command waits without a byte is ended, and another opened', async () => {
    const client = openClient(resolveConnection(bed.server.url), 'read', { commandTimeoutMs: 60_000, socketTimeoutMs: 100 });
    await once(client, 'ready');
    bed.server.pause();
    const lost = client.get('x').then(
      () => 'answered',
      () => 'rejected',
    );
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    bed.server.resume();
    expect(await lost).toBe('rejected');
    await vi.waitFor(async () => expect(await client.get('x')).toBeNull(), 5_000);
    client.disconnect();
  });

  it('connections that are lost together come back each at an instant of its own, after pauses that grow', async () => {
    const chances = Array.from({ length: 8 }, (_, n) => n / 8);
    const pausesOf = chances.map((chance) => {
      const client = openClient(resolveConnection(bed.server.url), 'read', { random: () => chance });
      const pausesMs: number[] = [];
      client.on('reconnecting', (pauseMs: number) => pausesMs.push(pauseMs));
      return { client, pausesMs };
    });
    await Promise.all(pausesOf.map(({ client }) => once(client, 'ready')));
    await bed.server.kill();
    try {
      await vi.waitFor(() => {
        for (const { pausesMs } of pausesOf) expect(pausesMs.length).toBeGreaterThanOrEqual(4);
      }, 10_000);
      [50, 100, 200, 400].forEach((longestMs, attempt) => {
        const pausesMs = pausesOf.map((one) => one.pausesMs[attempt]);
        expect(pausesMs).toEqual(chances.map((chance) => longestMs * (0.75 + 0.25 * chance)));
      });
    } finally {
      for (const { client } of pausesOf) client.disconnect();
      await bed.server.restart();
    }
  });

  it('what is told of a connection error holds no secret', async () => {
    const problems: string[] = [];
    const client = openClient({ ...resolveConnection(bed.server.url), username: 'nobody', password: 'canary-secret' }, 'read', {
      onError: (problem) => problems.push(problem),
    });
    await vi.waitFor(() => expect(problems.length).toBeGreaterThan(0));
    client.disconnect();
    expect(problems.join()).not.toContain('canary');
    expect(problems[0]).toMatch(/WRONGPASS/);
  });

  it('a hub hears again after its server was lost, without being told', async () => {
    const hub = createSubscriberHub(
      openClient(resolveConnection(bed.server.url), 'subscriber', { commandTimeoutMs: 1_000 }),
      systemClock,
      () => {},
    );
    const heard: string[] = [];
    const stop = hub.subscribe('news', (payload) => heard.push(payload));
    await vi.waitFor(() => expect(hub.live).toBe(true));
    await bed.server.kill();
    await vi.waitFor(() => expect(hub.live).toBe(false));
    await bed.server.restart();
    await vi.waitFor(() => expect(hub.live).toBe(true), 5_000);
    const publisher = bed.server.client();
    await publisher.publish('news', 'back');
    await vi.waitFor(() => expect(heard).toEqual(['back']));
    stop();
    await vi.waitFor(async () => expect(await publisher.publish('news', 'more')).toBe(0));
    hub.close();
  });
});
