import { textOf } from '../ask-redis.ts';
import { parseServiceMember, servicesKey } from '../keys.ts';
import type { KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { listOf } from './replies.ts';

/** Every service that ever ran here, by env and name. */
export async function listServices(connection: OperatorConnection): Promise<KeySpaceRef[]> {
  const [members] = await connection.run('reads', [{ name: 'SMEMBERS', args: [servicesKey()] }]);
  return listOf(members)
    .flatMap((member) => parseServiceMember(textOf(member) ?? '') ?? [])
    .sort((a, b) => compare(a.env, b.env) || compare(a.service, b.service));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
