'use client';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ScanInput } from '../../server/contract/keys.ts';
import { useTRPCClient } from '../trpc/trpc-context.ts';
import { addStep, type WalkState, walkBegin } from './walk-state.ts';

/** One run ends after so many steps, or so many new rows, and waits to be told to go on: a listing never walks all of a big Redis unasked. */
const RUN_STEPS_MAX = 12;
const RUN_ROWS_MAX = 1_000;

export interface Walk {
  state: WalkState;
  stop(): void;
  goOn(): void;
  restart(): void;
}

/** Walks the key space in bounded steps while the page is open; a new filter begins a new walk, and the old one's answers are dropped. */
export function useWalk(filter: Omit<ScanInput, 'cursor'>): Walk {
  const client = useTRPCClient();
  const [state, setState] = useState<WalkState>(walkBegin);
  const running = useRef<AbortController | null>(null);
  const { env, service, entity, idPrefix } = filter;

  const run = useCallback(
    async (from: WalkState) => {
      running.current?.abort();
      const control = new AbortController();
      running.current = control;
      let current: WalkState = { ...from, status: 'walking', error: null };
      setState(current);
      const rowsAtStart = current.rows.length;
      for (let step = 0; step < RUN_STEPS_MAX && current.rows.length - rowsAtStart < RUN_ROWS_MAX; step += 1) {
        const input = {
          env,
          service,
          ...(entity === undefined ? {} : { entity }),
          ...(idPrefix === undefined ? {} : { idPrefix }),
          ...(current.cursor === null ? {} : { cursor: current.cursor }),
        };
        try {
          const found = await client.keys.scan.query(input, { signal: control.signal });
          if (control.signal.aborted) return;
          current = addStep(current, found);
        } catch (error) {
          if (control.signal.aborted) return;
          setState({ ...current, status: 'failed', error });
          return;
        }
        setState(current);
        if (current.status !== 'walking') return;
      }
      setState({ ...current, status: 'paused' });
    },
    [client, env, service, entity, idPrefix],
  );

  useEffect(() => {
    void run(walkBegin);
    return () => running.current?.abort();
  }, [run]);

  return {
    state,
    stop() {
      running.current?.abort();
      setState((before) => (before.status === 'walking' ? { ...before, status: 'stopped' } : before));
    },
    goOn: () => void run(state),
    restart: () => void run(walkBegin),
  };
}
