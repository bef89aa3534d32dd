import {
  type EntryView,
  entryInput,
  findInput,
  type InvalidateReceipt,
  invalidateInput,
  type KeyMeta,
  keyMetaInput,
  type ScanStep,
  scanInput,
} from '../../contract/keys.ts';
import { notYet } from '../../control/stub.ts';
import { changing, reading, router } from '../init.ts';

export const keysRouter = router({
  scan: reading.input(scanInput).query((): Promise<ScanStep> => notYet()),
  meta: reading.input(keyMetaInput).query((): Promise<KeyMeta[]> => notYet()),
  find: reading.input(findInput).query((): Promise<EntryView | null> => notYet()),
  entry: reading.input(entryInput).query((): Promise<EntryView | null> => notYet()),
  invalidate: changing({ permission: 'keys.invalidate' })
    .input(invalidateInput)
    .mutation((): Promise<InvalidateReceipt> => notYet()),
});
