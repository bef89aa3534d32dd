import * as z from 'zod/mini';
import { envName, idempotencyKey, name, serviceRef } from './service-ref.ts';

export const listVersionsInput = serviceRef;

export interface VersionRow {
  entity: string;
  /** Base 36; null while no instance has minted one. */
  version: string | null;
  previous: string | null;
  /** The record's revision as a decimal string (over 2^53 it would lose digits as a number). */
  rev: string | null;
  /** When this version began, ms since 1970 (a version is a time of Redis). */
  sinceMs: number | null;
  class: string;
  instances: number;
}

export interface VersionList {
  rows: VersionRow[];
  /** Redis time of the answer. */
  nowMs: number;
}

export const bumpInput = z.strictObject({
  env: envName,
  service: name,
  entity: name,
  /** The `rev` that the operator saw: a bump that came in between makes this one a conflict, not a second bump. Null: no record yet. */
  expectedRev: z.nullable(z.string().check(z.regex(/^[0-9]{1,19}$/, 'is not a revision'))),
  idempotencyKey,
});

export interface BumpReceiptView {
  entity: string;
  version: string;
  previous: string | null;
  rev: string;
  /** Instance ids that acknowledged, with the ms it took each. Reads are already correct without them: each checks the record. */
  ackedBy: { instance: string; afterMs: number }[];
  pending: string[];
  auditId: string;
}
