import { textOf } from '../ask-redis.ts';
import { parseTimeReply } from '../control/redis-offset.ts';
import type { RedisStats } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { numberOf } from './replies.ts';

/** From INFO, which managed services answer too, unlike CONFIG. Counters run since the server's start. */
export async function readRedisStats(connection: OperatorConnection): Promise<RedisStats> {
  const [time, info, keys] = await connection.run('reads', [
    { name: 'TIME', args: [] },
    { name: 'INFO', args: [] },
    { name: 'DBSIZE', args: [] },
  ]);
  const fields = new Map(
    (textOf(info) ?? '').split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  const number = (name: string): number => {
    const value = Number(fields.get(name));
    return Number.isFinite(value) ? value : 0;
  };
  return {
    atMs: Math.round(parseTimeReply(time) ?? connection.clock.nowMs()),
    version: fields.get('valkey_version') ?? fields.get('redis_version') ?? 'unknown',
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    fragmentationRatio: number('mem_fragmentation_ratio'),
    maxMemoryPolicy: fields.get('maxmemory_policy') ?? 'unknown',
    evictedKeys: number('evicted_keys'),
    expiredKeys: number('expired_keys'),
    keys: numberOf(keys),
    address: connection.address,
  };
}
