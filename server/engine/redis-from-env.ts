import { ConfigurationError } from './errors.ts';
import { type RedisConnection, resolveConnection } from './redis/connection.ts';

/**
 * `REDIS_URL`, or else `REDIS_HOST` (default 127.0.0.1), `REDIS_PORT` (6379) and `REDIS_PASSWORD`.
 * Throws `ConfigurationError`, one line that names the variable and holds no secret.
 */
export function redisFromEnv(env: Readonly<Record<string, string | undefined>> = process.env): RedisConnection {
  const url = env['REDIS_URL'];
  if (url) {
    resolveConnection(url, ['REDIS_URL']);
    return url;
  }
  const port = env['REDIS_PORT'] || '6379';
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new ConfigurationError('must be a port number from 1 to 65535', ['REDIS_PORT']);
  }
  return { host: env['REDIS_HOST'] || '127.0.0.1', port: Number(port), password: env['REDIS_PASSWORD'] || undefined };
}
