import type { Redis } from 'ioredis';

/** How often each command was run since `CONFIG RESETSTAT`, those that scripts ran too; lower case, a subcommand as `config|set`. */
export async function commandCalls(redis: Redis): Promise<Map<string, number>> {
  const lines = (await redis.info('commandstats')).matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm);
  return new Map([...lines].map(([, name = '', calls = '0']) => [name.toLowerCase(), Number(calls)]));
}
