import { askRedis, textOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { mintVersion, type PipelineCommand, raiseVersion, scriptCommand } from './scripts.ts';
import { parseVersionRecord, type VersionRecord } from './version-record.ts';

/** Rule 8: a no-op that only a primary answers. */
export function readRecordCommand(entity: EntityState): PipelineCommand {
  return { name: 'GETEX', args: [entity.versionKey] };
}

export type RecordReply =
  | { kind: 'record'; record: VersionRecord }
  | { kind: 'missing' }
  /** Below what this instance had seen when it asked: a server that lost its newest writes. */
  | { kind: 'regressed' }
  | { kind: 'refused'; error: Error };

/** What a GETEX of the record says. `highestAtSend`: the highest rev seen when the command was sent. A record that is none is missing. */
export function readRecordReply(reply: unknown, highestAtSend: number): RecordReply {
  if (reply instanceof Error) return { kind: 'refused', error: reply };
  const text = textOf(reply);
  const record = text === null ? null : parseVersionRecord(text);
  if (record === null) return { kind: 'missing' };
  return Number(record.rev) < highestAtSend ? { kind: 'regressed' } : { kind: 'record', record };
}

/** Mints missing records and raises those that went back, once for all who notice at the same time. */
export class Versions {
  readonly #context: EngineContext;
  readonly #underWay = new Map<EntityState, Promise<boolean>>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** True when a record stands that this instance may believe. */
  repair(entity: EntityState, how: 'mint' | 'raise'): Promise<boolean> {
    const running = this.#underWay.get(entity);
    if (running !== undefined) return running;
    const repair = this.#repair(entity, how).finally(() => this.#underWay.delete(entity));
    this.#underWay.set(entity, repair);
    return repair;
  }

  async #repair(entity: EntityState, how: 'mint' | 'raise'): Promise<boolean> {
    const what = how === 'mint' ? mintVersion : raiseVersion;
    const answer = await askRedis(this.#context, this.#context.lease, [
      scriptCommand(what, [entity.versionKey], [entity.highestRevText, '-']),
    ]);
    const changed = answer.ok ? readChange(answer.replies[0]) : null;
    if (changed?.record == null) return false;
    entity.see(changed.record);
    if (changed.changed) {
      this.#context.bus.emit({ type: how === 'mint' ? 'version.minted' : 'version.raised', entity: entity.name, rev: changed.record.rev });
    }
    return true;
  }
}

/** The reply of a version script: `{1 | 0, record}`; null if it is an error or none. */
export function readChange(reply: unknown): { changed: boolean; record: VersionRecord | null } | null {
  if (!Array.isArray(reply) || typeof reply[0] !== 'number') return null;
  return { changed: reply[0] === 1, record: parseVersionRecord(textOf(reply[1]) ?? '') };
}
