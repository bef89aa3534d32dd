/** What a read came to. The colours are safe for colour blindness and mean the same everywhere; each also has a pattern. */
export const outcomes = [
  { key: 'hits', label: 'hits', color: 'var(--sb-hit)', pattern: 'sb-fill-hit', means: 'answered from the cache, fresh' },
  {
    key: 'stale',
    label: 'stale',
    color: 'var(--sb-stale)',
    pattern: 'sb-fill-stale',
    means: 'answered from the cache, past its freshness',
  },
  {
    key: 'misses',
    label: 'misses',
    color: 'var(--sb-miss)',
    pattern: 'sb-fill-miss',
    means: 'Redis had nothing to serve: loaded from the origin',
  },
  {
    key: 'unavailable',
    label: 'unavailable',
    color: 'var(--sb-unavailable)',
    pattern: 'sb-fill-unavailable',
    means: 'Redis could not be asked: loaded from the origin, and no miss',
  },
] as const;
