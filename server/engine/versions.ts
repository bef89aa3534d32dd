import { askRedis, textOf } from './ask-redis.ts';
import type { EngineContext } from './engine-context.ts';
import type { EntityState } from './entity-state.ts';
import { type PipelineCommand, scriptCommand } from './redis/run-pipeline.ts';
import { adoptVersion, mintVersion, raiseVersion, type Script } from './scripts.ts';
import { parseVersionRecord, type VersionRecord } from './version-record.ts';

/** Rule 8: a no-op that only a primary answers. */
export function readRecordCommand(entity: EntityState): PipelineCommand {
  return { name: 'getex', args: [entity.versionKey] };
}

/** Snapshots fail, and the server refuses writes, GETEX among them. A primary may still be read, once it says that it is one. */
export function isMisconfigured(reply: unknown): boolean {
  return reply instanceof Error && reply.message.startsWith('MISCONF');
}

export function isPrimary(role: unknown): boolean {
  return Array.isArray(role) && textOf(role[0]) === 'master';
}

export type RecordReply =
  | { kind: 'record'; record: VersionRecord }
  | { kind: 'missing' }
  /** Below what this instance had seen when it asked: a server that lost its newest writes. */
  | { kind: 'regressed' }
  /** Rule 12: written under another server, or under this one before it started again. What stands there may have missed an invalidation. */
  | { kind: 'foreign'; record: VersionRecord }
  | { kind: 'refused'; error: Error };

/** What was known when the record was asked for. */
export interface AskedFor {
  /** The highest rev that this instance had seen. */
  highestRev: number;
  /** Of the server that answered; null where it tells none. */
  replid: string | null;
}

/** What a GETEX of the record says. A record that is none is missing. */
export function readRecordReply(entity: EntityState, reply: unknown, asked: AskedFor): RecordReply {
  if (reply instanceof Error) return { kind: 'refused', error: reply };
  const text = textOf(reply);
  const record = text === null ? null : entity.parseRecord(text);
  if (record === null) return { kind: 'missing' };
  if (Number(record.rev) < asked.highestRev) return { kind: 'regressed' };
  const known = asked.replid === null || record.replid === asked.replid || entity.policy.failover === 'keep';
  return known ? { kind: 'record', record } : { kind: 'foreign', record };
}

/** How a record that cannot be used is made good. */
export type Repair = 'mint' | 'raise' | 'adopt';

export function repairOf(reply: Extract<RecordReply, { kind: 'missing' | 'regressed' | 'foreign' }>): Repair {
  switch (reply.kind) {
    case 'missing':
      return 'mint';
    case 'regressed':
      return 'raise';
    case 'foreign':
      return 'adopt';
  }
}

const REPAIRS: Record<Repair, { script: Script; event: 'version.minted' | 'version.raised' | 'version.adopted' }> = {
  mint: { script: mintVersion, event: 'version.minted' },
  raise: { script: raiseVersion, event: 'version.raised' },
  adopt: { script: adoptVersion, event: 'version.adopted' },
};

/** Mints missing records, raises those that went back, adopts those of another server: once for all who notice at the same time. */
export class Versions {
  readonly #context: EngineContext;
  readonly #underWay = new Map<EntityState, Promise<boolean>>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** True when a record stands that this instance may believe. */
  repair(entity: EntityState, how: Repair): Promise<boolean> {
    const running = this.#underWay.get(entity);
    if (running !== undefined) return running;
    const repair = this.#repair(entity, how).finally(() => this.#underWay.delete(entity));
    this.#underWay.set(entity, repair);
    return repair;
  }

  async #repair(entity: EntityState, how: Repair): Promise<boolean> {
    const { script, event } = REPAIRS[how];
    const { read, write, lease } = this.#context;
    // Or one of our connections calls the server by a name from before its promotion, and would never believe what is adopted.
    if (how === 'adopt') await Promise.all([read, write, lease].map((guarded) => guarded.learnAgain()));
    const answer = await askRedis(this.#context, lease, [
      scriptCommand(script, [entity.versionKey], [entity.highestRevText, lease.replid ?? '-']),
    ]);
    const changed = answer.ok ? readChange(answer.replies[0]) : null;
    if (changed?.record == null) return false;
    entity.see(changed.record);
    if (changed.changed) this.#context.bus.emit({ type: event, entity: entity.name, rev: changed.record.rev });
    return true;
  }
}

/** The reply of a version script: `{1 | 0, record}`; null if it is an error or none. */
export function readChange(reply: unknown): { changed: boolean; record: VersionRecord | null } | null {
  if (!Array.isArray(reply) || typeof reply[0] !== 'number') return null;
  return { changed: reply[0] === 1, record: parseVersionRecord(textOf(reply[1]) ?? '') };
}
