import { listPoliciesInput } from '../../contract/policies.ts';
import { listPolicies } from '../../control/policies/list-policies.ts';
import { savePolicy } from '../../control/policies/save-policy.ts';
import { changing, reading, router } from '../init.ts';

const REVISIONS_MAX = 100;

export const policiesRouter = router({
  list: reading.input(listPoliciesInput).query(({ ctx, input }) => listPolicies(ctx.deps, input)),
  /** Newest first. */
  revisions: reading.input(listPoliciesInput).query(({ ctx, input }) => ctx.deps.policies.revisions(input, REVISIONS_MAX)),
  save: changing(savePolicy)
    .input(savePolicy.input)
    .mutation(({ ctx, input }) => savePolicy.execute(ctx.deps, ctx.actor, input)),
});
