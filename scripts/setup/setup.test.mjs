import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { holdsAll } from './dependencies.mjs';
import { findProgram } from './find-program.mjs';
import { findRedis } from './find-redis.mjs';
import { nodeProblem } from './node-version.mjs';
import { choosePort, parsePort } from './ports.mjs';

describe('the version of Node', () => {
  it.each(['14.21.3', '18.20.0', '20.18.9'])('%s is too old, and the line says which one is needed', (version) => {
    expect(nodeProblem(version)).toContain(`needs Node 20.19 or newer, and this is Node ${version}`);
  });
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('%s will do', (version) => {
    expect(nodeProblem(version)).toBeNull();
  });
});

describe('PORT', () => {
  it('is 3000 when nothing is said', () => {
    expect([parsePort(undefined), parsePort('')]).toEqual([3000, 3000]);
  });
  it.each(['abc', '0', '65536', '-1', '80.5', ' 80', '1e3'])('"%s" is refused in one line', (text) => {
    expect(() => parsePort(text)).toThrow(/^PORT is ".*", and must be a number from 1 to 65535[^\n]*$/);
  });
  it('a port that another server has is never chosen', async () => {
    const chosen = await choosePort(undefined);
    expect(await choosePort(chosen, new Set([chosen]))).not.toBe(chosen);
    expect(await choosePort(chosen)).toBe(chosen);
  });
});

describe('a program', () => {
  it('is found by the order of names, and null says that there is none', () => {
    expect(findProgram(['no-such-program', 'node'], process.env)).toMatch(/node$/);
    expect(findProgram(['no-such-program'], process.env)).toBeNull();
    expect(findProgram(['sh'], { PATH: '' }, [])).toBeNull();
  });
});

describe('a Redis server', () => {
  it('that is there is used, and nothing is installed', async () => {
    const install = () => Promise.reject(new Error('installed'));
    expect(await findRedis(() => '/usr/bin/valkey-server', install)).toBe('/usr/bin/valkey-server');
  });
  it('that is missing is brought by the package manager', async () => {
    let installed = null;
    const install = async ({ apt }) => {
      installed = `/usr/bin/${apt}`;
      return null;
    };
    expect(await findRedis(() => installed, install)).toBe('/usr/bin/redis-server');
  });
  it('that nothing brings is a line that says what to do', async () => {
    const noRedis = findRedis(
      () => null,
      async () => 'there is no apt-get or brew',
    );
    await expect(noRedis).rejects.toThrow(
      /found no Redis: .*there is no apt-get or brew\.\nInstall one .*REDIS_URL=redis:\/\/host:6379 npm start$/,
    );
  });
});

describe('installed dependencies', () => {
  const wanted = {
    '': {},
    'server/engine': { version: '1.0.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/a-darwin': { version: '1.0.0', optional: true },
  };
  it('match when every locked package is there, those of other systems left out', () => {
    expect(holdsAll(wanted, { 'node_modules/a': { version: '1.0.0' } })).toBe(true);
  });
  it('do not match when one is missing or of another version', () => {
    expect(holdsAll(wanted, {})).toBe(false);
    expect(holdsAll(wanted, { 'node_modules/a': { version: '1.0.1' } })).toBe(false);
  });
});

describe('the lock file', () => {
  it('holds the packages of every system: without them npm ci refuses it', () => {
    const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
    const isLocked = (name, place) => {
      if (`${place === '' ? '' : `${place}/`}node_modules/${name}` in packages) return true;
      return place !== '' && isLocked(name, place.includes('/node_modules/') ? place.slice(0, place.lastIndexOf('/node_modules/')) : '');
    };
    const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(name, place)),
    );
    expect(missing).toEqual([]);
  });
});
