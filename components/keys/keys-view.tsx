'use client';
import { useSearchParams } from 'next/navigation';
import { NoService } from '../layout/no-service.tsx';
import { useScope } from '../layout/use-scope.ts';
import { useLiveState } from '../live/live-context.tsx';
import { KeysBrowser } from './keys-browser.tsx';
import { KeysSkeleton } from './keys-skeleton.tsx';

/** Finds, reads and invalidates entries of one service. The address holds the filters and the open entry. */
export function KeysView() {
  const scope = useScope();
  const params = useSearchParams();
  const ready = useLiveState(() => true) === true;
  if (scope === null) return ready ? <NoService title="Keys" /> : <KeysSkeleton />;
  return (
    <KeysBrowser
      key={`${scope.env}/${scope.service}`}
      scope={scope}
      entity={params.get('entity') ?? undefined}
      // `id` comes from links that name one entry; it narrows the list as a prefix does.
      prefix={params.get('prefix') ?? params.get('id') ?? undefined}
      openKey={params.get('key')}
    />
  );
}
