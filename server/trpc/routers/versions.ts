import { type BumpReceiptView, bumpInput, listVersionsInput, type VersionRow } from '../../contract/versions.ts';
import { notYet } from '../../control/stub.ts';
import { changing, reading, router } from '../init.ts';

export const versionsRouter = router({
  list: reading.input(listVersionsInput).query((): Promise<VersionRow[]> => notYet()),
  bump: changing({ permission: 'versions.bump' })
    .input(bumpInput)
    .mutation((): Promise<BumpReceiptView> => notYet()),
});
