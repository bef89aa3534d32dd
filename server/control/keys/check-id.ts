import { parseStandingId } from 'sideboard-engine';
import { ControlError } from '../control-error.ts';

/** Throws where what should be the head and digest of a long id, as its key holds them, is none. */
export function checkId({ id, idHashed = false }: { id: string; idHashed?: boolean | undefined }): void {
  if (!idHashed || parseStandingId(id)?.idHashed) return;
  throw new ControlError('BAD_INPUT', 'id: is no head and digest of a long id', { field: 'id' });
}
