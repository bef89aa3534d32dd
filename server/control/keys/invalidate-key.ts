import { type InvalidateReceipt, invalidateInput } from '../../contract/keys.ts';
import { defineAction } from '../define-action.ts';
import { checkId } from './check-id.ts';

/** Removes one entry, or marks it stale, and revokes its load, under the protocol's rules for invalidation. */
export const invalidateKey = defineAction({
  name: 'keys.invalidate',
  permission: 'keys.invalidate',
  input: invalidateInput,
  audit: { target: ({ env, service, entity, id }) => `${env} / ${service} / ${entity} / ${id.slice(0, 500)}`, withoutStore: true },
  idempotencyKey: (input) => input.idempotencyKey,
  async run({ deps, auditId }, input): Promise<{ result: InvalidateReceipt }> {
    checkId(input);
    const { env, service, entity, id, idHashed = false, mode = 'hard' } = input;
    const began = deps.now();
    const done = await deps.operator.invalidate({ env, service }, entity, id, { idHashed, mode });
    return { result: { entity, id, mode, ...done, tookMs: deps.now() - began, auditId } };
  },
});
