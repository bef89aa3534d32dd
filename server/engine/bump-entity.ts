import { askRedis } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { bumpVersion, scriptCommand } from './scripts.ts';
import type { VersionRecord } from './version-record.ts';
import { readChange, readRecordCommand, readRecordReply } from './versions.ts';

export type Bumped = { ok: true; record: VersionRecord } | { ok: false; error: Error };

/** Others may bump between our look and our change; each attempt compares what it saw. */
const ATTEMPTS_MAX = 5;

/** Rule 7: prev = ns, ns = a revision that was never used. The comparison keeps a late repeat from emptying the undo. */
export async function bumpEntity(context: EngineContext, entity: EntityState): Promise<Bumped> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const highestAtSend = entity.highestRev;
    const read = await askRedis(context, context.write, [readRecordCommand(entity)], true);
    if (!read.ok) return read;
    const seen = readRecordReply(read.replies[0], highestAtSend);
    if (seen.kind === 'refused') return { ok: false, error: seen.error };
    // One that went back is bumped as it stands: the new revision is above all that this instance has seen.
    const expected = seen.kind === 'record' ? seen.record.rev : seen.kind === 'missing' ? '' : null;
    const answer = await askRedis(
      context,
      context.write,
      [scriptCommand(bumpVersion, [entity.versionKey], [entity.highestRevText, '-', expected ?? revOf(read.replies[0])])],
      true,
    );
    if (!answer.ok) return answer;
    const [reply] = answer.replies;
    if (reply instanceof Error) return { ok: false, error: reply };
    const change = readChange(reply);
    if (change?.record != null) entity.see(change.record);
    if (change?.changed && change.record !== null) return { ok: true, record: change.record };
  }
  return { ok: false, error: new Error('others change the version without a pause') };
}

function revOf(reply: unknown): string {
  return Buffer.isBuffer(reply) ? (reply.toString().split(' ')[0] ?? '') : '';
}
