import { describe, expect, it } from 'vitest';
import { EnvError, readEnv } from './env.ts';

const secret = 'q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6';
const read = (source: Record<string, string>) => readEnv({ SIDEBOARD_SECRET: secret, ...source }, '/srv/sideboard');

function problems(source: Record<string, string>): string[] {
  try {
    readEnv(source, '/srv/sideboard');
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
    throw error;
  }
  return [];
}

describe('the environment', () => {
  it('has defaults for all but the secret', () => {
    expect(read({})).toMatchObject({
      port: 3_000,
      origins: ['http://127.0.0.1:3000', 'http://localhost:3000'],
      databaseUrl: null,
      dir: '/srv/sideboard/.sideboard',
      readonly: false,
      nonProductionEnvs: ['demo'],
    });
  });

  it.each([
    ['PORT', 'abc'],
    ['PORT', '0'],
    ['PORT', '70000'],
    ['SIDEBOARD_URL', 'cache.example.com'],
    ['SIDEBOARD_URL', 'https://cache.example.com/console'],
    ['DATABASE_URL', 'mysql://x'],
    ['SIDEBOARD_READONLY', 'perhaps'],
  ])('%s=%s is one clear line that begins with its name', (name, value) => {
    const found = problems({ SIDEBOARD_SECRET: secret, [name]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${name} must`));
    expect(found[0]).not.toContain('\n');
  });

  it.each(['', 'hunter2', 'a'.repeat(40), 'abcabcabcabcabcabcabcabcabcabcabcabc'])(
    'the weak secret %j is refused without being repeated',
    (weak) => {
      const [line, ...others] = problems({ SIDEBOARD_SECRET: weak });
      expect([line?.startsWith('SIDEBOARD_SECRET is too'), others]).toEqual([true, []]);
      if (weak !== '') expect(line).not.toContain(weak);
    },
  );

  it('a missing secret says how to make one', () => {
    expect(problems({})).toEqual([expect.stringMatching(/^SIDEBOARD_SECRET is not set: .*openssl/)]);
  });

  it.each(['http://x', 'redis//x:1', 'redis://', 'nonsense'])(
    'the malformed REDIS_URL %j does not keep the console from starting',
    (url) => {
      const { redis } = read({ REDIS_URL: url });
      expect(redis).toEqual({ problem: expect.stringMatching(/^REDIS_URL/) });
    },
  );

  it('a password in a malformed address is never repeated', () => {
    expect(JSON.stringify(read({ REDIS_URL: 'redis://:hunter2@host:notaport' }).redis)).not.toContain('hunter2');
  });

  it('the exact address replaces the loopback ones', () => {
    expect(read({ SIDEBOARD_URL: 'https://cache.example.com/' }).origins).toEqual(['https://cache.example.com']);
  });
});
