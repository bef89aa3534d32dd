'use client';
import { Button, Progress } from '@mantine/core';
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { formatDuration } from '../../server/contract/units.ts';
import classes from './keys.module.css';
import type { Walk } from './use-walk.ts';
import { describeWalk, ROWS_MAX } from './walk-state.ts';

/** How far the walk is, in honest words; stop it, or let it go on. */
export function WalkBar({ walk }: { walk: Walk }) {
  const { state } = walk;
  const share = state.status === 'done' ? 100 : state.total === 0 ? 0 : Math.min(99, (state.walked / state.total) * 100);
  return (
    <div className={classes['walk']}>
      <span role="status" aria-live="polite" className={classes['walkText']}>
        {describeWalk(state)}
        {state.status === 'full' && `: this list keeps ${ROWS_MAX.toLocaleString('en')}, narrow the filter`}
      </span>
      {state.rounds > 0 && (
        <span className={classes['walkCost']}>
          {state.rounds} SCAN calls, {formatDuration(state.redisMs)} of Redis time
        </span>
      )}
      <div className={classes['walkTools']}>
        {state.status === 'walking' && (
          <Button size="compact-xs" variant="default" leftSection={<IconPlayerStop size={13} />} onClick={walk.stop}>
            Stop
          </Button>
        )}
        {(state.status === 'paused' || state.status === 'stopped') && (
          <Button size="compact-xs" variant="default" leftSection={<IconPlayerPlay size={13} />} onClick={walk.goOn}>
            Keep scanning
          </Button>
        )}
        {state.status !== 'walking' && (
          <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconRefresh size={13} />} onClick={walk.restart}>
            Scan again
          </Button>
        )}
      </div>
      <Progress value={share} size={3} className={classes['walkProgress'] ?? ''} aria-label="Share of the key space walked, estimated" />
    </div>
  );
}
