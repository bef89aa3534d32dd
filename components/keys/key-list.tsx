'use client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useState } from 'react';
import type { KeyRow } from '../../server/contract/keys.ts';
import { formatBytes, formatDuration } from '../../server/contract/units.ts';
import { AsOf } from '../charts/as-of.tsx';
import classes from './keys.module.css';
import { META_REFRESH_MS, useVisibleMeta } from './use-visible-meta.ts';

const ROW_PX = 28;
const PAGE_ROWS = 15;
const generations = { current: '', previous: ' prev.', old: ' old' } as const;

interface KeyListProps {
  listRef: RefObject<HTMLDivElement | null>;
  rows: readonly KeyRow[];
  openKey: string | null;
  onOpen: (key: string) => void;
}

/** Thousands of rows, of which only those in sight exist. Arrows move, Enter opens. */
export function KeyList({ listRef, rows, openKey, onOpen }: KeyListProps) {
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => listRef.current, estimateSize: () => ROW_PX, overscan: 12 });
  const items = virtual.getVirtualItems();
  const visible = useMemo(() => items.flatMap((item) => rows[item.index]?.key ?? []), [items, rows]);
  const meta = useVisibleMeta(visible);
  const unknown = meta.failed ? '—' : '';
  useEffect(() => {
    if (active > 0 && active >= rows.length) setActive(Math.max(0, rows.length - 1));
  }, [active, rows.length]);

  const move = (to: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, to));
    setActive(next);
    virtual.scrollToIndex(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[active];
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + PAGE_ROWS,
      PageUp: active - PAGE_ROWS,
      Home: 0,
      End: rows.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && row !== undefined) onOpen(row.key);
    else return;
    event.preventDefault();
  };

  return (
    <div className={classes['list']}>
      <div className={classes['listHead']} aria-hidden="true">
        <span>entity</span>
        <span>id</span>
        <span>version</span>
        <span>
          TTL <AsOf knownToMs={meta.knownToMs} askedEachMs={META_REFRESH_MS} />
        </span>
        <span>size</span>
      </div>
      <div
        ref={listRef}
        className={classes['scroll']}
        role="listbox"
        aria-label="Keys"
        tabIndex={0}
        onKeyDown={onKeyDown}
        {...(rows.length === 0 ? {} : { 'aria-activedescendant': `key-${active}` })}
      >
        <div className={classes['sizer']} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const known = meta.byKey.get(row.key);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys for the active option
              <div
                key={row.key}
                id={`key-${item.index}`}
                role="option"
                tabIndex={-1}
                aria-selected={row.key === openKey}
                aria-setsize={rows.length}
                aria-posinset={item.index + 1}
                aria-label={`${row.entity} ${row.id}${row.generation === 'current' ? '' : `, ${row.generation} version`}`}
                data-active={item.index === active || undefined}
                className={classes['row']}
                style={{ height: ROW_PX, transform: `translateY(${item.start}px)` }}
                onClick={() => {
                  setActive(item.index);
                  onOpen(row.key);
                }}
              >
                <span title={row.entity}>{row.entity}</span>
                <span className={classes['id']} title={row.display}>
                  {row.id}
                </span>
                <span className={classes['version']} data-generation={row.generation}>
                  {row.version}
                  {generations[row.generation]}
                </span>
                <span>{known === undefined ? unknown : known.ttlMs === null ? 'gone' : formatDuration(wholeSeconds(known.ttlMs))}</span>
                <span>{known === undefined ? unknown : known.sizeBytes === null ? '' : formatBytes(known.sizeBytes)}</span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const wholeSeconds = (ms: number) => (ms < 1_000 ? ms : Math.floor(ms / 1_000) * 1_000);
