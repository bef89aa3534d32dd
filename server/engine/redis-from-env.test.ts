import { describe, expect, it } from 'vitest';
import { ConfigurationError } from './errors.ts';
import { resolveConnection, showAddress } from './redis/connection.ts';
import { redisFromEnv } from './redis-from-env.ts';

const resolve = (env: Record<string, string>) => resolveConnection(redisFromEnv(env));

describe('where Redis is', () => {
  it('comes from the url, or from its parts', () => {
    expect(resolve({})).toMatchObject({ host: '127.0.0.1', port: 6379, password: null, tls: null });
    expect(resolve({ REDIS_HOST: 'r', REDIS_PORT: '7000', REDIS_PASSWORD: 'p' })).toMatchObject({ host: 'r', port: 7000, password: 'p' });
    expect(resolve({ REDIS_URL: 'redis://u:p%40w@h:1/3', REDIS_HOST: 'no' })).toEqual({
      kind: 'single',
      host: 'h',
      port: 1,
      username: 'u',
      password: 'p@w',
      db: 3,
      tls: null,
    });
    expect(resolve({ REDIS_URL: 'rediss://h' })).toMatchObject({ port: 6379, tls: { servername: 'h' } });
    expect(showAddress(resolve({ REDIS_URL: 'redis://u:secret@[::1]:7' }))).toBe('[::1]:7');
  });

  it('over TLS: a name is asked for and checked, an address is only checked', () => {
    expect(resolve({ REDIS_URL: 'rediss://cache.internal:6380' }).tls).toEqual({ servername: 'cache.internal' });
    for (const host of ['10.0.0.7', '[::1]']) expect(resolve({ REDIS_URL: `rediss://${host}` }).tls).toEqual({});
    expect(resolveConnection({ host: '10.0.0.7', tls: true }).tls).toEqual({});
  });

  it.each([
    { REDIS_URL: 'localhost:6379' },
    { REDIS_URL: 'secret' },
    { REDIS_URL: 'http://secret@h' },
    { REDIS_URL: 'redis://:secret@' },
    { REDIS_URL: 'redis://:secret@h/db' },
    { REDIS_URL: 'redis://:secret%@h' },
    { REDIS_URL: 'redis://:secret@h?tls=1' },
    { REDIS_PORT: '0', REDIS_PASSWORD: 'secret' },
    { REDIS_PORT: '6379x', REDIS_PASSWORD: 'secret' },
  ])('%j is refused in one line that names the variable and no secret', (env) => {
    let error: unknown;
    try {
      redisFromEnv(env);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(/^ConfigurationError: REDIS_(URL|PORT): [^\n]+$/);
    expect(JSON.stringify([String(error), error])).not.toContain('secret');
  });
});
