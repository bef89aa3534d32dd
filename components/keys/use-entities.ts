'use client';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { serviceKey } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { useLiveState } from '../live/live-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';

/** Every entity of a service that is declared or was read of late; what was read is known while Redis is down too. */
export function useEntities(scope: ServiceRef): string[] {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.versions.list.queryOptions(scope));
  const latency = useLiveState((state) => state.entityLatency);
  return useMemo(() => {
    const read = (latency ?? []).filter((one) => serviceKey(one) === serviceKey(scope)).map((one) => one.entity);
    return [...new Set([...(data?.rows ?? []).map((row) => row.entity), ...read])].sort();
  }, [data, latency, scope]);
}
