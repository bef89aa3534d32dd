import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { FaultSpec } from '../contract/lab.ts';
import type { PolicyValues } from '../contract/policies.ts';
import { anyRecordColumn, anyTextColumn } from './any-text.ts';

/** The record of every change of a policy: numbered per service, never edited. `document` is the service's whole override set after it. */
export const policyRevision = pgTable(
  'policy_revision',
  {
    env: anyTextColumn().notNull(),
    service: anyTextColumn().notNull(),
    rev: integer().notNull(),
    at: timestamp({ withTimezone: true }).notNull(),
    by: anyTextColumn().notNull(),
    entity: anyTextColumn().notNull(),
    before: jsonb().$type<PolicyValues>(),
    after: jsonb().$type<PolicyValues>().notNull(),
    document: anyRecordColumn<PolicyValues>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.env, table.service, table.rev] })],
);

/** One row an act: inserted as `pending` before it runs, completed after; denied acts have a row too. */
export const audit = pgTable(
  'audit',
  {
    id: text().primaryKey(),
    at: timestamp({ withTimezone: true }).notNull(),
    doneAt: timestamp('done_at', { withTimezone: true }),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    actorRole: text('actor_role').notNull(),
    action: text().notNull(),
    target: text().notNull(),
    /** JSON as text: jsonb refuses NUL and lone surrogates, which ids may hold. */
    input: text(),
    before: text(),
    after: text(),
    outcome: text().$type<'pending' | 'done' | 'failed' | 'denied'>().notNull(),
    reason: text(),
  },
  (table) => [index('audit_at').on(table.at)],
);

/** The result of each change that a browser asked for, so that asking twice does it once. */
export const idempotency = pgTable(
  'idempotency',
  {
    actorId: text('actor_id').notNull(),
    action: text().notNull(),
    key: text().notNull(),
    inputHash: text('input_hash').notNull(),
    at: timestamp({ withTimezone: true }).notNull(),
    /** JSON as text; null while it runs. */
    result: text(),
  },
  (table) => [primaryKey({ columns: [table.actorId, table.action, table.key] })],
);

export const experiment = pgTable(
  'experiment',
  {
    id: text().primaryKey(),
    env: anyTextColumn().notNull(),
    service: anyTextColumn().notNull(),
    fault: jsonb().$type<FaultSpec>().notNull(),
    instancesPercent: integer('instances_percent').notNull().default(100),
    reason: anyTextColumn().notNull(),
    by: anyTextColumn().notNull(),
    /** Redis time, ms since 1970. */
    startedAtMs: bigint('started_at_ms', { mode: 'number' }).notNull(),
    endsAtMs: bigint('ends_at_ms', { mode: 'number' }).notNull(),
    endedAtMs: bigint('ended_at_ms', { mode: 'number' }),
    ended: text().$type<'expired' | 'stopped'>(),
    /** Ids of the instances that said they apply it, of those that should. */
    appliedBy: jsonb('applied_by').$type<string[]>().notNull().default([]),
    expected: jsonb().$type<string[]>().notNull().default([]),
    ackMs: jsonb('ack_ms').$type<Record<string, number>>().notNull().default({}),
  },
  (table) => [index('experiment_started').on(table.startedAtMs)],
);
