import { parseTimeReply } from '../control/redis-offset.ts';
import type { OperatorConnection } from './operator-connection.ts';

/** Redis time, whole ms since 1970. */
export async function readRedisTime(connection: OperatorConnection): Promise<number> {
  const [time] = await connection.run('reads', [{ name: 'TIME', args: [] }]);
  const ms = parseTimeReply(time);
  if (ms === null) throw connection.unavailable(new Error('no TIME reply'), 'no');
  return Math.round(ms);
}
