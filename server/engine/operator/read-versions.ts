import { textOf } from '../ask-redis.ts';
import { versionKey } from '../keys.ts';
import { parseVersionRecord } from '../version-record.ts';
import type { KeySpaceRef, VersionView } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';
import { listOf } from './replies.ts';

const entitiesMax = 1_000;

/** The version record of each entity; null where there is none yet, or none that can be read. At most 1,000, else `RangeError`. */
export async function readVersions(
  connection: OperatorConnection,
  ref: KeySpaceRef,
  entities: readonly string[],
): Promise<Map<string, VersionView | null>> {
  if (entities.length > entitiesMax) throw new RangeError(`at most ${entitiesMax} entities at once`);
  if (entities.length === 0) return new Map();
  const [records] = await connection.run('reads', [{ name: 'MGET', args: entities.map((entity) => versionKey(ref, entity)) }]);
  const list = listOf(records);
  return new Map(entities.map((entity, index) => [entity, showRecord(textOf(list[index]))]));
}

/** What a console sees of a record's text. */
export function showRecord(text: string | null): VersionView | null {
  const record = text === null ? null : parseVersionRecord(text);
  return record === null ? null : { rev: record.rev, ns: record.ns, prev: record.prev };
}
