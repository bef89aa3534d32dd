'use client';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { KeyMeta } from '../../server/contract/keys.ts';
import { useTRPC } from '../trpc/trpc-context.ts';

const SETTLE_MS = 150;
const REFRESH_MS = 5_000;
/** The most that one request may ask for. */
const KEYS_MAX = 200;

/** TTL and size of the rows that can be seen, asked for in one batch and again every few seconds; rows out of sight cost Redis nothing. */
export function useVisibleMeta(keys: readonly string[]): ReadonlyMap<string, KeyMeta> {
  const trpc = useTRPC();
  const [settled] = useDebouncedValue(keys.slice(0, KEYS_MAX).join(' '), SETTLE_MS);
  const { data } = useQuery(
    trpc.keys.meta.queryOptions(
      { keys: settled === '' ? [] : settled.split(' ') },
      { enabled: settled !== '', refetchInterval: REFRESH_MS, placeholderData: keepPreviousData },
    ),
  );
  return useMemo(() => new Map((data ?? []).map((meta) => [meta.key, meta])), [data]);
}
