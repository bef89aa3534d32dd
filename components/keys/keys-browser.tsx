'use client';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import type { TopKeyView } from '../../server/contract/live.ts';
import { ID_CHARS_MAX, type ServiceRef } from '../../server/contract/service-ref.ts';
import { formatCount } from '../../server/contract/units.ts';
import { Card } from '../layout/card.tsx';
import { Notice, QueryTrouble } from '../layout/notice.tsx';
import { PageHead } from '../layout/page-head.tsx';
import { setParams } from '../layout/set-params.ts';
import { useLiveState } from '../live/live-context.tsx';
import { showError } from '../trpc/show-error.tsx';
import { useTRPCClient } from '../trpc/trpc-context.ts';
import { EntryPanel } from './entry-panel.tsx';
import { KeyFilter } from './key-filter.tsx';
import { KeyList } from './key-list.tsx';
import classes from './keys.module.css';
import { NextRead } from './next-read.tsx';
import { fitsAddress } from './problem-of-sought.ts';
import { TopKeys } from './top-keys.tsx';
import { useWalk } from './use-walk.ts';
import { WalkBar } from './walk-bar.tsx';

interface KeysBrowserProps {
  scope: ServiceRef;
  entity: string | undefined;
  prefix: string | undefined;
  openKey: string | null;
}

export function KeysBrowser({ scope, entity, prefix, openKey }: KeysBrowserProps) {
  const client = useTRPCClient();
  const walk = useWalk({ ...scope, entity, idPrefix: prefix });
  const redisDown = useLiveState((state) => state.redis.state) === 'down';
  /** The look-up of an exact id: under way, or in vain. */
  const [exact, setExact] = useState<{ id: string; state: 'looking' | 'none' } | null>(null);
  /** An id that is too long for the address, while that holds no other text. */
  const [longId, setLongId] = useState('');
  const sought = prefix ?? longId;
  /** What was looked up by its exact id last: a key may hold but a digest of it. */
  const [found, setFound] = useState<{ key: string; id: string } | null>(null);
  /** Look-ups so far: what an earlier one brings after a later has begun opens nothing, nor after this page was left. */
  const lookUps = useRef(0);
  useEffect(
    () => () => {
      lookUps.current += 1;
    },
    [],
  );
  const filterRef = useRef<HTMLInputElement>(null);
  const listRef = useRef<HTMLDivElement>(null);
  const close = () => setParams({ key: null });
  const wasOpen = useRef(false);
  useEffect(() => {
    if (openKey === null && wasOpen.current) listRef.current?.focus();
    wasOpen.current = openKey !== null;
  }, [openKey]);
  useHotkeys([
    ['/', () => filterRef.current?.focus()],
    [
      'Escape',
      ({ target }) => {
        // A dialog over the entry takes it for itself.
        if (!(target instanceof Element && target.closest('[role="dialog"]') !== null)) close();
      },
    ],
  ]);

  const open = (key: string, id: string) => {
    setFound({ key, id });
    setParams({ key });
  };

  /** Of another search: what was looked up is no answer to it. */
  const forget = () => {
    lookUps.current += 1;
    setExact(null);
  };

  /** The entry, or null; undefined where nobody waits for it any more, or it was told what went wrong. */
  const lookUp = async (sought: { entity: string; id: string; idHashed?: boolean }) => {
    lookUps.current += 1;
    const own = lookUps.current;
    try {
      const entry = await client.keys.find.query({ ...scope, ...sought });
      return own === lookUps.current ? entry : undefined;
    } catch (error) {
      if (own !== lookUps.current) return undefined;
      setExact(null);
      showError(error);
      return undefined;
    }
  };

  /** Exact hit first: one GET under the current version. The walk with the same text as prefix runs beside it. */
  const find = async (text: string) => {
    setLongId(fitsAddress(text) ? '' : text);
    setParams({ prefix: fitsAddress(text) ? text : null, id: null }, 'push');
    if (entity === undefined || text === '') {
      forget();
      return;
    }
    setExact({ id: text, state: 'looking' });
    const entry = await lookUp({ entity, id: text });
    if (entry === undefined) return;
    setExact(entry === null ? { id: text, state: 'none' } : null);
    if (entry !== null) open(entry.key, text);
  };

  /** From the lists of hot and big keys: the entry if it stands, else what begins with the id. */
  const openTop = async (name: string, { id, idHashed, beginning }: NonNullable<TopKeyView['found']>) => {
    setParams({ entity: name, prefix: beginning, id: null }, 'push');
    setExact(null);
    const entry = await lookUp({ entity: name, id, idHashed });
    if (!entry) return;
    if (idHashed) setParams({ key: entry.key });
    else open(entry.key, id);
  };

  const { state } = walk;
  const empty = state.rows.length === 0 && state.status !== 'walking';
  return (
    <>
      <PageHead title="Keys" lead={`entries of ${scope.service}; the walk is bounded and never blocks Redis`} />
      <KeyFilter
        ref={filterRef}
        scope={scope}
        entity={entity}
        sought={sought}
        busy={exact?.state === 'looking'}
        onEntity={(value) => {
          forget();
          setParams({ entity: value }, 'push');
        }}
        onFind={(text) => void find(text)}
      />
      {openKey === null && <TopKeys scope={scope} onFind={(name, found) => void openTop(name, found)} />}
      {exact?.state === 'none' && exact.id === sought && entity !== undefined && (
        <>
          <p className={classes['exact']} role="status">
            {fitsAddress(sought)
              ? `No entry of ${entity} has exactly the id “${sought}” under the current version. The list shows ids that begin with it.`
              : `No entry of ${entity} has exactly this id of ${formatCount(sought.length)} characters under the current version. The list shows ids of any kind.`}
          </p>
          <Card>
            <NextRead of={{ ...scope, entity, id: sought }} />
          </Card>
        </>
      )}
      <div className={classes['split']} data-open={openKey !== null || undefined}>
        <div className={classes['left']}>
          <WalkBar walk={walk} />
          {state.status === 'failed' && <QueryTrouble error={state.error} onRetry={walk.goOn} />}
          {empty && state.status !== 'failed' ? (
            <Notice title={state.status === 'done' ? 'No key matches' : 'Nothing found so far'}>
              {state.status === 'done'
                ? `The whole key space was walked. ${adviceFor(prefix ?? '')}`
                : 'Only a part of the key space was walked: keep scanning, or give the exact entity and id.'}
            </Notice>
          ) : (
            !(redisDown && state.rows.length === 0) && (
              <KeyList
                listRef={listRef}
                rows={state.rows}
                openKey={openKey}
                onOpen={(key) => setParams({ key }, openKey === null ? 'push' : 'replace')}
              />
            )
          )}
        </div>
        {openKey !== null && (
          <EntryPanel key={openKey} entryKey={openKey} exactId={found?.key === openKey ? found.id : null} onClose={close} />
        )}
      </div>
    </>
  );
}

/** The key of a very long id has 64 characters of it, and one of the id takes six at most. */
const ID_HEAD_CHARS_MIN = 10;

/** What to do where no key begins with this text. */
function adviceFor(prefix: string): string {
  const usual = 'Widen the filter, or wait for the next read to fill an entry.';
  return prefix.length <= ID_HEAD_CHARS_MIN
    ? usual
    : `${usual} The key of a very long id holds but its beginning and a digest: choose its entity and give the whole id, of at most ${formatCount(ID_CHARS_MAX)} characters.`;
}
