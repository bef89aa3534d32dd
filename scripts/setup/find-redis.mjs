import { ExpectedError } from './expected-error.mjs';
import { findProgram } from './find-program.mjs';
import { installSystemPackage } from './system-package.mjs';

const SERVERS = ['valkey-server', 'redis-server'];

/**
 * The path of a Redis server program; the system's package manager brings one when there is none.
 * @throws {ExpectedError} what to do when nothing brings one
 */
export async function findRedis(find = () => findProgram(SERVERS), install = installSystemPackage) {
  const found = find();
  if (found !== null) return found;
  const problem = await install({ apt: 'redis-server', brew: 'redis' });
  const installed = find();
  if (installed !== null) return installed;
  throw new ExpectedError(
    `Sideboard found no Redis: no valkey-server or redis-server on PATH, and ${problem ?? 'the package brought none'}.\n` +
      'Install one (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), or point Sideboard at your own: REDIS_URL=redis://host:6379 npm start',
  );
}
