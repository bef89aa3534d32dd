import { askRedis } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { Unavailable } from './errors.ts';
import { scriptCommand } from './redis/run-pipeline.ts';
import { bumpVersion, undoBump } from './scripts.ts';
import type { VersionRecord } from './version-record.ts';
import { readChange, readRecordCommand, readRecordReply, repairOf, type Versions } from './versions.ts';

export type VersionChange = { ok: true; record: VersionRecord } | { ok: false; reason: 'nothing to undo' } | { ok: false; error: Error };

/** Others may change the version between our look and our change; each attempt compares what it saw. */
const ATTEMPTS_MAX = 5;

/**
 * Rule 7. A bump: prev = ns, ns = a revision that was never used. Its undo: ns = prev, and nothing more to undo. The
 * comparison with the revision seen keeps a late repeat from emptying the undo. A record that went back or came from
 * another server is made good first: what it calls previous must not come back.
 */
export async function changeVersion(
  context: EngineContext,
  versions: Versions,
  entity: EntityState,
  how: 'bump' | 'undo',
): Promise<VersionChange> {
  const { write } = context;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { highestRev } = entity;
    const read = await askRedis(context, write, [readRecordCommand(entity)], { evenIfOpen: true });
    if (!read.ok) return read;
    const seen = readRecordReply(entity, read.replies[0], { highestRev, replid: read.replid });
    if (seen.kind === 'refused') return { ok: false, error: seen.error };
    if (seen.kind === 'regressed' || seen.kind === 'foreign') {
      if (await versions.repair(entity, repairOf(seen))) continue;
      return { ok: false, error: new Unavailable('the version record could not be restored') };
    }
    const before = seen.kind === 'record' ? seen.record : null;
    if (how === 'undo' && before?.prev == null) return { ok: false, reason: 'nothing to undo' };
    const answer = await askRedis(
      context,
      write,
      [
        scriptCommand(
          how === 'bump' ? bumpVersion : undoBump,
          [entity.versionKey],
          [entity.highestRevText, write.replid ?? '-', before?.rev ?? ''],
        ),
      ],
      { evenIfOpen: true },
    );
    if (!answer.ok) return answer;
    const [reply] = answer.replies;
    if (reply instanceof Error) return { ok: false, error: reply };
    const change = readChange(reply);
    if (change?.record != null) entity.see(change.record);
    if (change?.changed && change.record !== null) return { ok: true, record: change.record };
  }
  return { ok: false, error: new Unavailable('others change the version without a pause') };
}
