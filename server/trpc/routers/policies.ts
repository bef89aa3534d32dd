import {
  listPoliciesInput,
  type PolicyList,
  type PolicyRevisionView,
  type SavePolicyReceipt,
  savePolicyInput,
} from '../../contract/policies.ts';
import { notYet } from '../../control/stub.ts';
import { changing, reading, router } from '../init.ts';

export const policiesRouter = router({
  list: reading.input(listPoliciesInput).query((): Promise<PolicyList> => notYet()),
  revisions: reading.input(listPoliciesInput).query((): Promise<PolicyRevisionView[]> => notYet()),
  save: changing({ permission: 'policies.save' })
    .input(savePolicyInput)
    .mutation((): Promise<SavePolicyReceipt> => notYet()),
});
