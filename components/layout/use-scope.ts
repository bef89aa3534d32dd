'use client';
import { useSearchParams } from 'next/navigation';
import { useMemo } from 'react';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { useLiveState } from '../live/live-context.tsx';

/** Whose key space the page shows: the address says; without it, the first service that is known. Null while none is. */
export function useScope(): ServiceRef | null {
  const params = useSearchParams();
  const first = useLiveState((state) => state.services[0] ?? null);
  const env = params.get('env') ?? first?.env;
  const service = params.get('service') ?? first?.service;
  return useMemo(() => (env === undefined || service === undefined ? null : { env, service }), [env, service]);
}
