'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { describeFault } from '../../server/contract/describe-fault.ts';
import type { ExperimentInput } from '../../server/contract/lab.ts';
import { ConfirmAct } from '../layout/confirm-act.tsx';
import { newIntent } from '../trpc/new-intent.ts';
import { useIsProduction } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { menuEntry } from './fault-menu.ts';

interface StartDialogProps {
  experiment: ExperimentInput;
  /** Running instances that take faults. */
  takers: number;
  onClose: () => void;
}

/** Says who will be struck by what, and starts it. */
export function StartDialog({ experiment, takers, onClose }: StartDialogProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const production = useIsProduction(experiment.env);
  const [idempotencyKey] = useState(newIntent);
  const start = useMutation(
    trpc.lab.start.mutationOptions({
      onSuccess: onClose,
      onSettled: () => queries.invalidateQueries(trpc.lab.list.queryFilter()),
    }),
  );
  const { fault, instancesPercent, seconds, env, service } = experiment;
  const struck = Math.max(1, Math.round((takers * instancesPercent) / 100));
  return (
    <ConfirmAct
      onClose={onClose}
      title="Start the experiment"
      confirm={`Start for ${seconds} s`}
      phrase={production ? env : null}
      pending={start.isPending}
      error={start.error}
      onConfirm={() => start.mutate({ experiment, idempotencyKey })}
    >
      <p style={{ margin: 0 }}>
        <strong>{describeFault(fault)}</strong> for {struck} of {takers} instances of {env} / {service}, for {seconds} s.
      </p>
      <p style={{ margin: 0 }}>{menuEntry(fault.kind).effect} The real Redis is never touched; Stop is on every page.</p>
    </ConfirmAct>
  );
}
