import type { InvalidateReceipt } from '../../server/contract/keys.ts';

/** What an invalidation did to what was there. */
export function receiptWords({ mode, removed, markedStale }: Pick<InvalidateReceipt, 'mode' | 'removed' | 'markedStale'>): string {
  if (removed > 0) return `${entries(removed)} removed${mode === 'soft' ? ': Redis had no room for the mark' : ''}`;
  if (markedStale > 0) return `${entries(markedStale)} marked stale`;
  return `Nothing was there to ${mode === 'soft' ? 'mark' : 'remove'}`;
}

/** Goes on after the above; empty where no load was under way. */
export function revokedWords({ leasesRevoked }: Pick<InvalidateReceipt, 'leasesRevoked'>): string {
  if (leasesRevoked === 0) return '';
  return `, ${leasesRevoked} ${leasesRevoked === 1 ? 'load' : 'loads'} under way will not be stored`;
}

const entries = (count: number) => (count === 1 ? 'Entry' : `${count} entries`);
