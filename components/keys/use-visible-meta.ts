'use client';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { KeyMeta } from '../../server/contract/keys.ts';
import { useTRPC } from '../trpc/trpc-context.ts';

const SETTLE_MS = 150;
export const META_REFRESH_MS = 5_000;
/** The most that one request may ask for. */
const KEYS_MAX = 200;

interface VisibleMeta {
  byKey: ReadonlyMap<string, KeyMeta>;
  /** When Redis said so, ms since 1970; null before it did. */
  knownToMs: number | null;
  /** It was asked in vain. */
  failed: boolean;
}

/** TTL and size of the rows that can be seen, asked for in one batch and again every few seconds; rows out of sight cost Redis nothing. */
export function useVisibleMeta(keys: readonly string[]): VisibleMeta {
  const trpc = useTRPC();
  const [settled] = useDebouncedValue(keys.slice(0, KEYS_MAX).join(' '), SETTLE_MS);
  const { data, isError } = useQuery(
    trpc.keys.meta.queryOptions(
      { keys: settled === '' ? [] : settled.split(' ') },
      { enabled: settled !== '', refetchInterval: META_REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
  const byKey = useMemo(() => new Map((data?.rows ?? []).map((meta) => [meta.key, meta])), [data]);
  return { byKey, knownToMs: data?.nowMs ?? null, failed: isError };
}
