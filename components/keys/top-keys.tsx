'use client';
import { UnstyledButton } from '@mantine/core';
import type { TopKeyView } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatBytes, formatCount } from '../../server/contract/units.ts';
import { AsOf } from '../charts/as-of.tsx';
import { useLiveState } from '../live/live-context.tsx';
import classes from './keys.module.css';

const SHOWN_MAX = 5;

interface TopKeysProps {
  scope: ServiceRef;
  onFind: (entity: string, found: NonNullable<TopKeyView['found']>) => void;
}

/** What the fleet reads most, and the largest values that it wrote. */
export function TopKeys({ scope, onFind }: TopKeysProps) {
  const all = useLiveState((state) => state.topKeys) ?? [];
  const mine = all.find(({ env, service }) => env === scope.env && service === scope.service);
  if (mine === undefined || (mine.hot.length === 0 && mine.big.length === 0)) return null;
  return (
    <div className={classes['tops']}>
      <TopList
        title="Read most, last 60 s"
        knownToMs={mine.knownToMs}
        keys={mine.hot}
        amount={(value) => `${formatCount(value)}/s`}
        onFind={onFind}
      />
      <TopList title="Largest written, last 15 min" knownToMs={mine.knownToMs} keys={mine.big} amount={formatBytes} onFind={onFind} />
    </div>
  );
}

interface TopListProps {
  title: string;
  knownToMs: number;
  keys: readonly TopKeyView[];
  amount: (value: number) => string;
  onFind: TopKeysProps['onFind'];
}

function TopList({ title, knownToMs, keys, amount, onFind }: TopListProps) {
  const shown = keys.slice(0, SHOWN_MAX);
  return (
    <section aria-label={title}>
      <h2 className={classes['topTitle']}>
        {title} <AsOf knownToMs={knownToMs} />
      </h2>
      {shown.length === 0 ? (
        <p className={classes['topNone']}>none</p>
      ) : (
        <ol className={classes['topList']}>
          {shown.map((key) => (
            <li key={JSON.stringify([key.entity, key.found?.id ?? key.display])}>
              <TopKey of={key} onFind={onFind} />
              <span>{amount(key.amount)}</span>
            </li>
          ))}
        </ol>
      )}
      {shown.some(({ found }) => found === null) && (
        <p className={classes['topNone']}>
          What is not underlined cannot be opened: an instance of an earlier build cut its id. Find it by how it begins.
        </p>
      )}
    </section>
  );
}

function TopKey({ of: { entity, display, found }, onFind }: { of: TopKeyView; onFind: TopKeysProps['onFind'] }) {
  const name = (
    <>
      {entity} <b>{display}</b>
    </>
  );
  const title = `${entity}: ${display}`;
  if (found === null) {
    return (
      <span className={classes['topKey']} title={title}>
        {name}
      </span>
    );
  }
  return (
    <UnstyledButton className={classes['topKey'] ?? ''} title={title} onClick={() => onFind(entity, found)}>
      {name}
    </UnstyledButton>
  );
}
