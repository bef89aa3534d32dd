'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { serviceKey } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatCount } from '../../server/contract/units.ts';
import type { BumpReceiptView, VersionRow } from '../../server/contract/versions.ts';
import { useAsOf } from '../charts/use-as-of.ts';
import { ConfirmAct } from '../layout/confirm-act.tsx';
import { useLive } from '../live/live-context.tsx';
import { ratesNow } from '../live/rates.ts';
import { newIntent } from '../trpc/new-intent.ts';
import { useIsProduction } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';

interface BumpDialogProps {
  scope: ServiceRef;
  row: VersionRow;
  onClose: () => void;
  onDone: (receipt: BumpReceiptView) => void;
}

/** Asks before a bump, with what it will cost the origin. */
export function BumpDialog({ scope, row, onClose, onDone }: BumpDialogProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const production = useIsProduction(scope.env);
  const [idempotencyKey] = useState(newIntent);
  const points = useLive((snapshot) => snapshot.points);
  const rates = ratesNow(points, serviceKey(scope), row.entity);
  const asOf = useAsOf(rates.knownToMs);
  const bump = useMutation(
    trpc.versions.bump.mutationOptions({
      onSuccess(receipt) {
        onDone(receipt);
        onClose();
      },
      onSettled: () => queries.invalidateQueries(trpc.versions.list.queryFilter()),
    }),
  );
  return (
    <ConfirmAct
      onClose={onClose}
      title={`Bump ${row.entity}`}
      confirm={`Bump ${row.entity}`}
      phrase={production ? scope.env : null}
      pending={bump.isPending}
      error={bump.error}
      onConfirm={() => bump.mutate({ ...scope, entity: row.entity, expectedRev: row.rev, idempotencyKey })}
    >
      <div>
        <p style={{ margin: '0 0 8px' }}>
          Every cached {row.entity} of {scope.env} / {scope.service} is out of reach from the moment Redis confirms the new version.
        </p>
        <p style={{ margin: 0 }}>
          {rates.seconds === 0 ? (
            'No live seconds are at hand, so the load that this sends to the origin cannot be told.'
          ) : (
            <>
              The cache answers <strong>{formatCount(rates.hits + rates.stale)} reads/s</strong> of it {asOf ?? 'now'}: up to that many
              reach the origin at first, on top of {formatCount(rates.originCalls)} calls/s, until it has filled again. One load per id,
              fleet-wide.
            </>
          )}
        </p>
      </div>
    </ConfirmAct>
  );
}
