import { EntryCodec } from './codec/entry-codec.ts';
import { type CacheKeyPrefix, dataKeyPrefix, versionKey } from './keys.ts';
import type { LocalEntries } from './l1/local-entries.ts';
import { LoadFailures } from './load-failures.ts';
import type { LoadSlot } from './load-slot.ts';
import { EntityMetrics } from './metrics.ts';
import type { KeySpaceRef } from './operator/operator.ts';
import type { Policy } from './policy.ts';
import type { Read } from './read.ts';
import { parseVersionRecord, type VersionRecord } from './version-record.ts';

/** The share of misses is that of about so many reads. */
const SHARE_OF_READS = 16;

/** What an instance knows and does about one entity. */
export class EntityState {
  readonly ref: KeySpaceRef;
  readonly name: string;
  readonly codePolicy: Policy;
  readonly versionKey: string;
  readonly codec: EntryCodec;
  readonly metrics: EntityMetrics = new EntityMetrics();
  /**
   * By id: reads of the batch that is not yet sent. Another map for each batch: the old table of a cleared one points to the
   * next, and that chain keeps every batch, with all its values, alive until a full collection.
   */
  unsent: Map<string, Read> = new Map();
  /** What this process holds of it; null without an L1. */
  local: LocalEntries | null = null;
  readonly failures: LoadFailures = new LoadFailures();
  /** By id: loads under way. */
  readonly slots: Map<string, LoadSlot> = new Map();
  /** What Redis has not acknowledged: one key each, or a bump, which stands for all of them. Reads here treat them as invalid. */
  readonly unacknowledged: { readonly ids: Set<string>; bump: boolean } = { ids: new Set(), bump: false };
  /** What applies now: the code's policy under the console's overrides. */
  policy: Policy;
  /** The newest record seen: where this instance believes that data stands. Null before the first. */
  record: VersionRecord | null = null;
  /** Begins every data key under `record`. */
  prefix: CacheKeyPrefix | null = null;
  /** Rule 7: no record below this is believed. Revs fit a double until the year 2255. */
  highestRev = 0;
  /** Of the last reads that had the entry or had to load it, those that had to: from 0 to 1. */
  #missShare = 0;
  /** The last text of the record, and what it says: each round brings the same until the version changes. */
  #recordRead: { readonly text: string; readonly record: VersionRecord | null } = { text: '', record: null };

  constructor(ref: KeySpaceRef, name: string, policy: Policy) {
    this.ref = ref;
    this.name = name;
    this.codePolicy = policy;
    this.policy = policy;
    this.codec = new EntryCodec(policy.form);
    this.versionKey = versionKey(ref, name);
  }

  /** What is kept of a loaded value, and given to its callers. `null` and `undefined` are no values. */
  project(value: unknown): unknown {
    const { project } = this.codePolicy;
    return project === null || value === null || value === undefined ? value : project(value);
  }

  parseRecord(text: string): VersionRecord | null {
    if (text !== this.#recordRead.text) this.#recordRead = { text, record: parseVersionRecord(text) };
    return this.#recordRead.record;
  }

  /** Takes a record over unless a higher one was seen before. */
  see(record: VersionRecord): void {
    if (Number(record.rev) < this.highestRev) return;
    this.highestRev = Number(record.rev);
    if (this.record?.ns !== record.ns) this.prefix = dataKeyPrefix(this.ref, record.ns, this.name);
    this.record = record;
  }

  /** A rev that this instance heard of; the next batch brings its record. */
  seeRev(rev: number): void {
    if (rev > this.highestRev) this.highestRev = rev;
  }

  isUnacknowledged(id: string): boolean {
    const { bump, ids } = this.unacknowledged;
    return bump || (ids.size > 0 && ids.has(id));
  }

  /** Of one round: `missed` of `reads` had to load. */
  noteMisses(missed: number, reads: number): void {
    if (reads === 0 || (missed === 0 && this.#missShare === 0)) return;
    this.#missShare += Math.min(1, reads / SHARE_OF_READS) * (missed / reads - this.#missShare);
  }

  /** True where a miss is likelier than not. */
  get mostlyMisses(): boolean {
    return this.#missShare > 0.5;
  }

  /** ARGV of the version scripts. */
  get highestRevText(): string {
    return this.highestRev === 0 ? '' : String(this.highestRev);
  }
}
