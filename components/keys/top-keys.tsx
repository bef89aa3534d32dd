'use client';
import { UnstyledButton } from '@mantine/core';
import type { TopKeyView } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatBytes, formatCount } from '../../server/contract/units.ts';
import { useLiveState } from '../live/live-context.tsx';
import classes from './keys.module.css';

interface TopKeysProps {
  scope: ServiceRef;
  onFind: (entity: string, id: string) => void;
}

/** What the fleet reads most, and the largest values that it wrote. */
export function TopKeys({ scope, onFind }: TopKeysProps) {
  const all = useLiveState((state) => state.topKeys) ?? [];
  const mine = all.find(({ env, service }) => env === scope.env && service === scope.service);
  if (mine === undefined || (mine.hot.length === 0 && mine.big.length === 0)) return null;
  return (
    <div className={classes['tops']}>
      <TopList title="Read most, last 60 s" keys={mine.hot} amount={(value) => `${formatCount(value)}/s`} onFind={onFind} />
      <TopList title="Largest written, last 15 min" keys={mine.big} amount={formatBytes} onFind={onFind} />
    </div>
  );
}

interface TopListProps {
  title: string;
  keys: readonly TopKeyView[];
  amount: (value: number) => string;
  onFind: TopKeysProps['onFind'];
}

function TopList({ title, keys, amount, onFind }: TopListProps) {
  return (
    <section aria-label={title}>
      <h2 className={classes['topTitle']}>{title}</h2>
      <ol className={classes['topList']}>
        {keys.slice(0, 5).map((key) => (
          <li key={`${key.entity}:${key.id}`}>
            <UnstyledButton
              className={classes['topKey'] ?? ''}
              title={`${key.entity}: ${key.display}`}
              onClick={() => onFind(key.entity, key.id)}
            >
              {key.entity} <b>{key.display}</b>
            </UnstyledButton>
            <span>{amount(key.amount)}</span>
          </li>
        ))}
      </ol>
      {keys.length === 0 && <p className={classes['topNone']}>none</p>}
    </section>
  );
}
