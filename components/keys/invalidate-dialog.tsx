'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { EntryView, InvalidateReceipt } from '../../server/contract/keys.ts';
import { ConfirmAct } from '../layout/confirm-act.tsx';
import { newIntent } from '../trpc/new-intent.ts';
import { useIsProduction } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';

interface InvalidateDialogProps {
  entry: EntryView;
  onClose: () => void;
  onDone: (receipt: InvalidateReceipt) => void;
}

/** Asks before one entry is dropped. */
export function InvalidateDialog({ entry, onClose, onDone }: InvalidateDialogProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const production = useIsProduction(entry.env);
  const [idempotencyKey] = useState(newIntent);
  const { env, service, entity, id, idHashed } = entry;
  const invalidate = useMutation(
    trpc.keys.invalidate.mutationOptions({
      onSuccess(receipt) {
        onDone(receipt);
        onClose();
        return Promise.all([
          queries.invalidateQueries(trpc.keys.entry.queryFilter()),
          queries.invalidateQueries(trpc.keys.meta.queryFilter()),
          queries.invalidateQueries(trpc.keys.explain.queryFilter()),
        ]);
      },
    }),
  );
  return (
    <ConfirmAct
      onClose={onClose}
      title={`Invalidate ${entity} ${id}`}
      confirm="Invalidate"
      phrase={production ? env : null}
      pending={invalidate.isPending}
      error={invalidate.error}
      onConfirm={() => invalidate.mutate({ env, service, entity, id, idHashed, idempotencyKey })}
    >
      <p style={{ margin: 0 }}>
        The entry is removed from {env} / {service}, and a load under way will not be stored. The next read loads it from the origin. It
        cannot be brought back otherwise.
      </p>
    </ConfirmAct>
  );
}
