import type { ReactNode } from 'react';
import type { RedisState } from '../../server/contract/live.ts';
import { formatBytes, formatCount, formatDuration, formatRatio } from '../../server/contract/units.ts';
import { AsOf } from '../charts/as-of.tsx';
import { NOW_SECONDS, RATIO_READS_MIN, type Rates } from '../live/rates.ts';
import { endOf, newestKnown, type Second } from '../live/service-series.ts';
import classes from './overview.module.css';

interface StatStripProps {
  rates: Rates;
  /** Of which reads the latency is, where the rates are of others. */
  latencyOf: string | null;
  data: readonly Second[];
  redis: RedisState;
}

/** The answers at a glance: means of the last complete seconds. Those that no longer tell of now say so. */
export function StatStrip({ rates, latencyOf, data, redis }: StatStripProps) {
  const known = rates.seconds > 0;
  const perSecond = (value: number) => (known ? `${formatCount(value)}/s` : '—');
  const last = newestKnown(data, 'p95');
  const lastEvicted = newestKnown(data, 'evicted');
  const evicted = lastEvicted?.evicted ?? null;
  const lastMemory = newestKnown(data, 'memoryBytes');
  const memory = lastMemory?.memoryBytes ?? null;
  const down = redis.state === 'down';
  return (
    <dl className={classes['stats']} aria-label={`Means of the last ${NOW_SECONDS} s`}>
      <Stat name="Hit ratio" knownToMs={rates.knownToMs} value={rates.hitRatio === null ? '—' : formatRatio(rates.hitRatio)}>
        {!known
          ? 'no reports'
          : rates.hitRatio === null
            ? rates.unavailable > 0
              ? 'Redis answers too few'
              : `needs ${RATIO_READS_MIN} reads in ${NOW_SECONDS} s`
            : rates.l1Hits > 0
              ? `${formatRatio(rates.l1Hits / rates.reads)} of reads from L1`
              : 'hits and stale'}
      </Stat>
      <Stat name="Reads" knownToMs={rates.knownToMs} value={perSecond(rates.reads)}>
        {!known ? (
          'no instance reports'
        ) : rates.unavailable > 0 ? (
          <b className={classes['warn']}>{perSecond(rates.unavailable)} unavailable</b>
        ) : rates.uncached > 0 ? (
          `and ${perSecond(rates.uncached)} never cached`
        ) : (
          'none unavailable'
        )}
      </Stat>
      <Stat name="Latency p95" knownToMs={endOf(last)} value={typeof last?.p95 === 'number' ? formatDuration(last.p95) : '—'}>
        {`p99 ${typeof last?.p99 === 'number' ? formatDuration(last.p99) : '—'}${latencyOf === null ? '' : ` ${latencyOf}`}`}
      </Stat>
      <Stat name="Origin calls" knownToMs={rates.knownToMs} value={perSecond(rates.originCalls)}>
        {!known ? 'no reports' : rates.saved === null ? 'too few reads to compare' : `${formatRatio(rates.saved)} of reads saved`}
      </Stat>
      <Stat name="Evictions" knownToMs={endOf(lastEvicted)} value={evicted === null ? '—' : `${formatCount(evicted)}/s`}>
        {redis.maxMemoryPolicy ?? 'policy not known'}
      </Stat>
      <Stat name="Redis memory" knownToMs={endOf(lastMemory)} value={down || memory === null ? '—' : formatBytes(memory)}>
        {down
          ? 'not known now'
          : redis.maxMemoryBytes === null
            ? 'limit not known'
            : redis.maxMemoryBytes === 0
              ? 'no limit set'
              : `of ${formatBytes(redis.maxMemoryBytes)}`}
        {redis.fragmentationRatio === null || down ? '' : `, ${redis.fragmentationRatio.toFixed(1)}× frag.`}
      </Stat>
    </dl>
  );
}

function Stat({ name, knownToMs, value, children }: { name: string; knownToMs: number | null; value: string; children: ReactNode }) {
  return (
    <div className={classes['stat']}>
      <dt>{name}</dt>
      <dd className={classes['statValue']}>{value}</dd>
      <dd className={classes['statNote']}>
        {value !== '—' && <AsOf knownToMs={knownToMs} />}
        {children}
      </dd>
    </div>
  );
}
