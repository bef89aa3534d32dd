import { createHash, randomUUID } from 'node:crypto';
import type * as z from 'zod/mini';
import { may, type Permission } from '../contract/permissions.ts';
import { StoreUnavailable } from '../db/store.ts';
import type { Actor } from './actor.ts';
import { ControlError } from './control-error.ts';
import type { ControlDeps } from './deps.ts';
import { displayText } from './display-text.ts';
import { badInput, expectedFailure } from './expected-failure.ts';

interface ActionContext {
  deps: ControlDeps;
  actor: Actor;
  auditId: string;
}

interface ActionSpec<Schema extends z.ZodMiniType, Output> {
  /** As the audit names it: `keys.invalidate`. */
  name: string;
  permission: Permission;
  input: Schema;
  audit: {
    /** What is acted on, for people: `demo / shop / product / 42`. */
    target(input: z.output<Schema>): string;
    /** Stopping and single-key invalidation are never blocked by the database: their audit then goes to a local spool that joins the table later. */
    withoutStore?: boolean;
  };
  /** The browser's key for this one intended change; absent where the act itself is idempotent. */
  idempotencyKey?: (input: z.output<Schema>) => string;
  run(context: ActionContext, input: z.output<Schema>): Promise<{ result: Output; before?: unknown; after?: unknown }>;
}

/** A change that an operator may ask for. `execute` is the only way to run it. */
export interface Action<Schema extends z.ZodMiniType, Output> {
  readonly name: string;
  readonly permission: Permission;
  readonly input: Schema;
  /** Rejects with `ControlError` for everything foreseen. */
  execute(deps: ControlDeps, actor: Actor, input: unknown): Promise<Output>;
}

/**
 * The only door for changes: validated input, permission, an audit row written before it runs and completed after,
 * and the same result for the same idempotency key. It fails closed: no audit, no change.
 */
export function defineAction<Schema extends z.ZodMiniType, Output>(spec: ActionSpec<Schema, Output>): Action<Schema, Output> {
  const withoutStore = spec.audit.withoutStore ?? false;

  async function execute(deps: ControlDeps, actor: Actor, raw: unknown): Promise<Output> {
    const parsed = spec.input.safeParse(raw);
    if (!parsed.success) throw badInput(parsed.error);
    const input = parsed.data;
    const about = { actor, action: spec.name, target: displayText(spec.audit.target(input)), input };

    const refusal = refuse(deps, actor);
    if (refusal !== undefined) {
      await deps.audit.denied({ ...about, id: randomUUID(), atMs: deps.now(), reason: refusal.message });
      throw refusal;
    }
    const key = spec.idempotencyKey?.(input);
    const act = () => audited(deps, actor, input, about);
    if (key === undefined) return act();
    const inputHash = createHash('sha256').update(JSON.stringify(input)).digest('base64url');
    return deps.once.run({ actorId: actor.id, action: spec.name, key, inputHash, withoutStore }, act);
  }

  function refuse(deps: ControlDeps, actor: Actor): ControlError | undefined {
    if (!may(actor.role, spec.permission)) return new ControlError('FORBIDDEN', `The role ${actor.role} does not allow this.`);
    if (deps.readonly) return new ControlError('FORBIDDEN', 'This console is read-only: every change is refused.');
    return undefined;
  }

  async function audited(
    deps: ControlDeps,
    actor: Actor,
    input: z.output<Schema>,
    about: { actor: Actor; action: string; target: string; input: unknown },
  ): Promise<Output> {
    const auditId = randomUUID();
    await deps.audit.intent({ ...about, id: auditId, atMs: deps.now() }, { withoutStore });
    try {
      const { result, before, after } = await spec.run({ deps, actor, auditId }, input);
      await deps.audit.result(auditId, { outcome: 'done', doneAtMs: deps.now(), before, after: after ?? result, reason: null });
      return result;
    } catch (error) {
      const reason = expectedFailure(error)?.message ?? 'unexpected error';
      await deps.audit.result(auditId, { outcome: 'failed', doneAtMs: deps.now(), before: undefined, after: undefined, reason });
      throw error;
    }
  }

  return {
    name: spec.name,
    permission: spec.permission,
    input: spec.input,
    async execute(deps, actor, raw) {
      try {
        return await execute(deps, actor, raw);
      } catch (error) {
        throw error instanceof StoreUnavailable ? (expectedFailure(error) ?? error) : error;
      }
    },
  };
}
