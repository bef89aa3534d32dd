'use client';
import { formatDuration } from '../../server/contract/units.ts';
import { useServerNow } from '../live/server-now.ts';

const SECOND_MS = 1_000;

/** "3 min 5 s ago", by the server's clock; the moment itself on hover. Drawn in the browser alone, where the time zone is known. */
export function Ago({ atMs }: { atMs: number }) {
  const now = useServerNow();
  if (now === null) return <span>…</span>;
  const age = Math.max(0, Math.floor((now - atMs) / SECOND_MS) * SECOND_MS);
  return (
    <time dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString()}>
      {age < SECOND_MS ? 'just now' : `${formatDuration(age)} ago`}
    </time>
  );
}
