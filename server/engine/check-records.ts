import { askRedis } from './ask-redis.ts';
import { refusalOf } from './await-connection.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { ConfigurationError, causeOf } from './errors.ts';
import type { GuardedClient } from './redis/guarded-client.ts';
import { readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

/** `known`: the record was believed as it stands. `repaired`: a new version stands, and everything before it is out of reach. */
export type RecordFound = 'known' | 'repaired' | 'unavailable';

/**
 * Reads the version records of all entities and makes good those that cannot be used. Throws `ConfigurationError` where Redis
 * will never serve us; nothing else.
 */
export async function checkRecords(
  context: EngineContext,
  versions: Versions,
  guarded: GuardedClient,
  entities: readonly EntityState[],
): Promise<Map<EntityState, RecordFound>> {
  const found = new Map<EntityState, RecordFound>(entities.map((entity) => [entity, 'unavailable']));
  if (entities.length === 0) return found;
  const revs = entities.map((entity) => entity.highestRev);
  const answer = await askRedis(context, guarded, entities.map(readRecordCommand));
  if (!answer.ok) return found;
  const repairs: Promise<void>[] = [];
  for (const [index, entity] of entities.entries()) {
    const reply = readRecordReply(entity, answer.replies[index], { highestRev: revs[index] ?? 0, replid: answer.replid });
    if (reply.kind === 'record') {
      entity.see(reply.record);
      found.set(entity, 'known');
    } else if (reply.kind === 'refused') {
      const refusal = refusalOf(reply.error);
      if (refusal !== null) throw new ConfigurationError(refusal, ['redis'], { cause: causeOf(reply.error) });
    } else {
      const repair = versions.repair(entity, repairOf(reply)).then((repaired) => {
        if (repaired) found.set(entity, 'repaired');
      });
      repairs.push(repair);
    }
  }
  await Promise.all(repairs);
  return found;
}
