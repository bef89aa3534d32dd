import { type InvalidateReceipt, invalidateInput } from '../../contract/keys.ts';
import { defineAction } from '../define-action.ts';

/** Removes one entry and revokes its load, under the protocol's rule for hard invalidation. */
export const invalidateKey = defineAction({
  name: 'keys.invalidate',
  permission: 'keys.invalidate',
  input: invalidateInput,
  audit: { target: ({ env, service, entity, id }) => `${env} / ${service} / ${entity} / ${id.slice(0, 500)}`, withoutStore: true },
  idempotencyKey: (input) => input.idempotencyKey,
  async run({ deps, auditId }, { env, service, entity, id, idHashed = false }): Promise<{ result: InvalidateReceipt }> {
    const began = deps.now();
    const { removed, leasesRevoked } = await deps.operator.invalidate({ env, service }, entity, id, { idHashed });
    return { result: { entity, id, removed, leasesRevoked, tookMs: deps.now() - began, auditId } };
  },
});
