import { once } from 'node:events';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';
import { resolveConnection } from '../../engine/redis/connection.ts';
import { openClient } from '../../engine/redis/open-client.ts';
import { buildEngine } from '../build-engine.ts';
import { authority, type Certificate, expired, forElsewhere, forLocalhost } from '../certificates.ts';
import { certify, type RedisServer, startRedisServer } from '../redis-server.ts';
import { startTlsProcess, type TlsProcess } from './tls-process.ts';

const soon = { timeout: 20_000, interval: 20 };
const PASSWORD = 'c4nary-5ecret';
const events = z.array(z.looseObject({ type: z.string() }));

beforeAll(() => buildEngine());

async function startRedis(tls: Certificate): Promise<RedisServer> {
  const server = await startRedisServer({ tls, args: ['--requirepass', PASSWORD] });
  onTestFinished(() => server.stop());
  return server;
}
const urlOf = ({ port }: RedisServer, scheme = 'rediss', host = 'localhost') => `${scheme}://:${PASSWORD}@${host}:${port}`;
/** The authority of these tests, as a server of them has it on disk. */
const authorityOf = ({ dir }: RedisServer) => path.join(dir, 'tls-ca-cert.pem');

/** What was told of Redis: its events in order, each with its reason. */
async function toldOfRedis(process: TlsProcess): Promise<unknown[][]> {
  return events
    .parse(await process.ask('events'))
    .filter(({ type }) => type.startsWith('redis.'))
    .map(({ type, reason }) => (reason === undefined ? [type] : [type, reason]));
}
const expectSilent = (process: TlsProcess) => expect(process.told()).not.toContain(PASSWORD);

describe('Redis behind TLS, with an authority that this process was told to trust', () => {
  it.each(['localhost', '127.0.0.1'])('%s: the engine, values in the process, and a console; nothing is printed', async (host) => {
    const server = await startRedis(forLocalhost);
    const process = await startTlsProcess(urlOf(server, 'rediss', host), authorityOf(server));
    await process.ask('ready');
    await process.ask('set', '1', 'stored');
    expect(await process.ask('read', '1')).toBe('stored');
    expect(await process.ask('invalidate', '1')).toMatchObject({ removed: 1 });
    expect(await process.ask('read', '1')).toBe('loaded');
    await vi.waitFor(
      async () => expect(events.parse(await process.ask('events'))).toContainEqual(expect.objectContaining({ type: 'l1.serving' })),
      soon,
    );
    await vi.waitFor(async () => expect(await process.ask('operator')).toMatchObject({ state: 'up' }), soon);
    expect(await toldOfRedis(process)).toEqual([]);
    expect(
      process
        .told()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('{"answer"')),
    ).toEqual([]);
    expectSilent(process);
  });

  it('killed and back: the origin answers meanwhile, it is told once, and hits are back', async () => {
    const server = await startRedis(forLocalhost);
    const process = await startTlsProcess(urlOf(server), authorityOf(server));
    await process.ask('ready');
    await process.ask('set', '1', 'stored');
    await server.kill();
    await vi.waitFor(async () => expect(await process.ask('peek', '1')).toBe('unavailable'), soon);
    expect(await process.ask('read', '1')).toBe('loaded');
    await expect(process.ask('invalidate', '1')).rejects.toThrow('InvalidationNotAcknowledged');
    await vi.waitFor(async () => expect(await process.ask('operator')).toMatchObject({ state: 'down' }), soon);
    await server.restart();
    await vi.waitFor(async () => {
      await process.ask('read', '1');
      expect(await process.ask('peek', '1')).toBe('fresh');
    }, soon);
    await vi.waitFor(async () => expect(await process.ask('operator')).toMatchObject({ state: 'up' }), soon);
    expect((await toldOfRedis(process)).map(([type]) => type)).toEqual(['redis.unavailable', 'redis.available']);
    expectSilent(process);
  });

  it('a drill that refuses connections is had, and ends when it is stopped', async () => {
    const server = await startRedis(forLocalhost);
    const process = await startTlsProcess(urlOf(server), authorityOf(server));
    await process.ask('ready');
    await process.ask('set', '1', 'stored');
    await vi.waitFor(async () => expect(await process.ask('operator')).toMatchObject({ state: 'up' }), soon);
    expect(await process.ask('start', { kind: 'refuse', id: 'drill' })).toHaveLength(1);
    expect(await process.ask('peek', '1')).toBe('unavailable');
    expect(await process.ask('stop')).toHaveLength(1);
    await vi.waitFor(async () => expect(await process.ask('peek', '1')).toBe('fresh'), soon);
    expectSilent(process);
  });

  it('a connection on which a command waits without a byte is ended, and another opened', async () => {
    const server = await startRedis(forLocalhost);
    const connection = resolveConnection(urlOf(server));
    const trusting = { ...connection, tls: { ...connection.tls, ca: authority } };
    const client = openClient(trusting, 'read', { commandTimeoutMs: 60_000, socketTimeoutMs: 100 });
    onTestFinished(() => client.disconnect());
    await once(client, 'ready');
    server.pause();
    const lost = client.get('x').then(
      () => 'answered',
      () => 'rejected',
    );
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    server.resume();
    expect(await lost).toBe('rejected');
    await vi.waitFor(async () => expect(await client.get('x')).toBeNull(), soon);
  });
});

describe('a certificate that cannot be had for good', () => {
  const untrusted = /^the certificate of this server is not trusted \([A-Z_]+\): start this process with NODE_EXTRA_CA_CERTS=FILE, [^\n]+$/;
  const another =
    /^the certificate of this server is for another host \(ERR_TLS_CERT_ALTNAME_INVALID\): connect to a host name that stands in it$/;

  it.each([
    ['of an authority that nobody told of', forLocalhost, false, untrusted],
    ['for another host', forElsewhere, true, another],
  ])('%s: ready says what to do, the console too, once; the origin answers', async (_, certificate, trusted, line) => {
    const server = await startRedis(certificate);
    const process = await startTlsProcess(urlOf(server), trusted ? authorityOf(server) : null);
    // A handshake on a busy machine may take longer than `ready` waits.
    await vi.waitFor(async () => expect(await toldOfRedis(process)).toHaveLength(1), soon);
    const refused = await process.ask('ready').then(() => '', String);
    expect(refused).toMatch(/^Error: ConfigurationError: redis: /);
    expect(refused.slice('Error: ConfigurationError: redis: '.length)).toMatch(line);
    expect(await process.ask('read', '1')).toBe('loaded');
    await expect(process.ask('invalidate', '1')).rejects.toThrow('InvalidationNotAcknowledged');
    const address = `localhost:${server.port}: `;
    await vi.waitFor(
      async () => expect(await process.ask('operator')).toMatchObject({ state: 'down', reason: expect.stringContaining(address) }),
      soon,
    );
    const { reason } = z.object({ reason: z.string() }).parse(await process.ask('operator'));
    expect(reason.slice(address.length)).toMatch(line);
    expect(await toldOfRedis(process)).toEqual([['redis.unavailable', expect.stringMatching(line)]]);
    expectSilent(process);
  });

  it('shown after a restart: told though the outage began as another, and over when the right one is shown again', async () => {
    const server = await startRedis(forLocalhost);
    const process = await startTlsProcess(urlOf(server), authorityOf(server));
    await process.ask('ready');
    await server.kill();
    certify(server.dir, forElsewhere);
    await server.restart();
    await vi.waitFor(async () => expect(await toldOfRedis(process)).toHaveLength(2), soon);
    await server.kill();
    certify(server.dir, forLocalhost);
    await server.restart();
    await vi.waitFor(async () => expect(await toldOfRedis(process)).toHaveLength(3), soon);
    expect(await toldOfRedis(process)).toEqual([
      ['redis.unavailable', 'connection lost'],
      ['redis.refused', expect.stringMatching(another)],
      ['redis.available'],
    ]);
    expectSilent(process);
  });
});

describe('what is the server’s to mend, or may be', () => {
  it('an expired certificate: ready resolves, and the reason is told', async () => {
    const server = await startRedis(expired);
    const process = await startTlsProcess(urlOf(server), authorityOf(server));
    await process.ask('ready');
    expect(await process.ask('read', '1')).toBe('loaded');
    expect(await toldOfRedis(process)).toEqual([['redis.unavailable', 'the certificate of this server has expired (CERT_HAS_EXPIRED)']]);
    expectSilent(process);
  });

  it('no TLS to a server that speaks it, and TLS to one that does not: the other scheme is named', async () => {
    const secure = await startRedis(forLocalhost);
    const plain = await startRedisServer({ args: ['--requirepass', PASSWORD] });
    onTestFinished(() => plain.stop());
    for (const [server, scheme, other] of [
      [secure, 'redis', /use rediss:\/\/$/],
      [plain, 'rediss', /use redis:\/\/$/],
    ] as const) {
      const process = await startTlsProcess(urlOf(server, scheme), authorityOf(secure));
      await process.ask('ready');
      await vi.waitFor(async () => expect(await toldOfRedis(process)).toEqual([['redis.unavailable', expect.stringMatching(other)]]), soon);
      await vi.waitFor(
        async () => expect(await process.ask('operator')).toMatchObject({ state: 'down', reason: expect.stringMatching(other) }),
        soon,
      );
      expectSilent(process);
    }
  });

  it('a server that asks its clients for a certificate: that none is sent is told', async () => {
    const server = await startRedisServer({ tls: forLocalhost, args: ['--tls-auth-clients', 'yes'] });
    onTestFinished(() => server.stop());
    const process = await startTlsProcess(urlOf(server), authorityOf(server));
    await vi.waitFor(
      async () => expect(await toldOfRedis(process)).toContainEqual([expect.any(String), expect.stringContaining('tls-auth-clients')]),
      soon,
    );
    expectSilent(process);
  });
});
