'use client';
import { describeFault } from '../../server/contract/describe-fault.ts';
import type { ExperimentView } from '../../server/contract/lab.ts';
import { useServerNow } from '../live/server-now.ts';
import classes from './shell.module.css';
import { StopButton } from './stop-button.tsx';

/** One running experiment: what is simulated, for how long still, and Stop. It shows on every page. */
export function ExperimentBanner({ experiment }: { experiment: ExperimentView }) {
  const now = useServerNow();
  const leftSeconds = now === null ? null : Math.max(0, Math.ceil((experiment.endsAtMs - now) / 1_000));
  return (
    <div
      className={`${classes['banner']} ${classes['experiment']}`}
      role="alert"
      aria-label={`Experiment running on ${experiment.service}`}
    >
      <strong>Experiment</strong>
      <span>
        {describeFault(experiment.fault)} for {experiment.env} / {experiment.service}
      </span>
      <span className={classes['bannerMore']}>
        “{experiment.reason}” by {experiment.by} · applied by {experiment.appliedBy.length} of {experiment.expected.length} instances
      </span>
      <span className={classes['countdown']} role="timer" aria-label="Time left">
        {leftSeconds === null ? '…' : leftSeconds === 0 ? 'ending' : `${leftSeconds} s left`}
      </span>
      <StopButton experiment={experiment} variant="banner" />
    </div>
  );
}
