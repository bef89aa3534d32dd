'use client';
import { useAsOf } from '../charts/use-as-of.ts';
import { useLiveState } from '../live/live-context.tsx';
import { useSilence } from '../live/server-now.ts';
import { Ago } from './ago.tsx';
import { ExperimentBanner } from './experiment-banner.tsx';
import classes from './shell.module.css';

/** What an operator must know on any page: running experiments, the console away, Redis down, store down, an eviction policy that may drop anything. */
export function Banners() {
  const experiments = useLiveState((state) => state.experiments);
  const redis = useLiveState((state) => state.redis);
  const store = useLiveState((state) => state.store);
  return (
    <section className={classes['banners']} aria-label="Warnings">
      {(experiments ?? [])
        .filter((experiment) => experiment.endedAtMs === null)
        .map((experiment) => (
          <ExperimentBanner key={experiment.id} experiment={experiment} />
        ))}
      <SilentConsole />
      {redis !== null && redis.state === 'down' && (
        <div className={`${classes['banner']} ${classes['trouble']}`} role="alert">
          <strong>Redis is down</strong>
          <span>
            noticed <Ago atMs={redis.sinceMs} />. {redis.reason}
          </span>
          <span className={classes['bannerMore']}>
            Services answer from the origin. Here, policies' revisions and past seconds can still be read; keys, bumps and invalidation
            wait.
          </span>
        </div>
      )}
      {store !== null && store.state === 'down' && (
        <div className={`${classes['banner']} ${classes['trouble']}`} role="alert">
          <strong>The console's store is down</strong>
          <span>
            noticed <Ago atMs={store.sinceMs} />. {store.reason}
          </span>
          <span className={classes['bannerMore']}>
            Charts, keys and Stop still work; other changes wait, since they could not be recorded.
          </span>
        </div>
      )}
      {redis?.maxMemoryPolicy?.startsWith('allkeys-') === true && (
        <div className={`${classes['banner']} ${classes['trouble']}`} role="alert">
          <strong>Eviction policy {redis.maxMemoryPolicy}</strong>
          <span>Redis may evict version records and policies too. Set maxmemory-policy to volatile-lru or volatile-ttl.</span>
        </div>
      )}
    </section>
  );
}

function SilentConsole() {
  const silent = useSilence();
  const asOf = useAsOf(useLiveState((state) => state.nowMs));
  if (!silent) return null;
  return (
    <div className={`${classes['banner']} ${classes['trouble']}`} role="alert">
      <strong>The console does not answer</strong>
      <span className={classes['bannerMore']}>
        {asOf !== null && `What is shown is ${asOf}. `}It is asked again by itself. Services go on without it, and experiments end at their
        time.
      </span>
    </div>
  );
}
