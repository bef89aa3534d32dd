'use client';
import { Radio, Stack } from '@mantine/core';
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

/** Asks before one entry is removed, or marked stale. */
export function InvalidateDialog({ entry, onClose, onDone }: InvalidateDialogProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const production = useIsProduction(entry.env);
  // Who chooses otherwise after a failure intends another change.
  const [intents] = useState(() => ({ hard: newIntent(), soft: newIntent() }));
  const [mode, setMode] = useState<InvalidateReceipt['mode']>('hard');
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
  const choose = (value: string) => {
    setMode(value === 'soft' ? 'soft' : 'hard');
    // What is said of the failure is about the other choice.
    invalidate.reset();
  };
  return (
    <ConfirmAct
      onClose={onClose}
      title={`Invalidate ${entity} ${id}`}
      confirm="Invalidate"
      phrase={production ? env : null}
      pending={invalidate.isPending}
      error={invalidate.error}
      onConfirm={() => invalidate.mutate({ env, service, entity, id, idHashed, mode, idempotencyKey: intents[mode] })}
    >
      {entry.generation !== 'current' && (
        <p style={{ margin: 0 }}>
          {entry.generation === 'previous'
            ? 'This entry is of the previous version, which reads do not reach. The same is done to what the current version holds of its id.'
            : 'This entry is of an older version: no read reaches it, and it stays until it expires. What is done is done to what the current version holds of its id.'}
        </p>
      )}
      <Radio.Group aria-label="What becomes of the entry" value={mode} onChange={choose}>
        <Stack gap="xs">
          <Radio
            value="hard"
            label="Remove it"
            description={`It is gone from ${env} / ${service} at once, and cannot be brought back. The next read loads it from the origin.`}
          />
          <Radio
            value="soft"
            label="Mark it stale"
            disabled={entry.envelope === null}
            description={
              entry.envelope === null
                ? 'What is stored is no entry that could be served.'
                : 'It stays, and reads are served it as stale while one instance loads it again.'
            }
          />
        </Stack>
      </Radio.Group>
      <p style={{ margin: 0 }}>A load under way will not be stored.</p>
    </ConfirmAct>
  );
}
