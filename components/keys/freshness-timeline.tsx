'use client';
import { useEffect, useState } from 'react';
import type { EntryView } from '../../server/contract/keys.ts';
import { formatDuration } from '../../server/contract/units.ts';
import classes from './keys.module.css';

interface FreshnessTimelineProps {
  envelope: NonNullable<EntryView['envelope']>;
  /** Redis time of the answer, ms since 1970. */
  nowMs: number;
}

const WIDTH = 400;
const STEP_MS = 500;

/** From created over fresh-until to expires, and where the entry stands on it; it counts down by itself between answers. */
export function FreshnessTimeline({ envelope, nowMs }: FreshnessTimelineProps) {
  const now = useCarriedOn(nowMs);
  const { createdMs, freshUntilMs, expiresMs } = envelope;
  const span = Math.max(1, expiresMs - createdMs);
  const x = (atMs: number) => Math.min(1, Math.max(0, (atMs - createdMs) / span)) * WIDTH;
  const left = (untilMs: number) => formatDuration(Math.max(0, Math.floor((untilMs - now) / 1_000) * 1_000));
  const marked = envelope.flags.includes('stale');
  const freshUntil = marked ? createdMs : freshUntilMs;
  const words =
    now < freshUntil
      ? `Fresh for another ${left(freshUntilMs)}, expires in ${left(expiresMs)}`
      : now < expiresMs
        ? `Stale${marked ? ' by a soft invalidation' : ''}, served while it is refreshed; expires in ${left(expiresMs)}`
        : 'Expired';
  return (
    <figure className={classes['timeline']} aria-label={words}>
      <figcaption>
        <strong>{words}</strong>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} 22`} preserveAspectRatio="none" aria-hidden="true" className={classes['timelineBar']}>
        <rect x="0" y="8" width={x(freshUntil)} height="8" fill="url(#sb-fill-hit)" />
        <rect x={x(freshUntil)} y="8" width={WIDTH - x(freshUntil)} height="8" fill="url(#sb-fill-stale)" />
        <rect x={x(now) - 1} y="3" width="2" height="18" fill="var(--mantine-color-text)" />
      </svg>
      <div className={classes['timelineLegend']}>
        <span>created {formatDuration(Math.max(0, Math.floor((now - createdMs) / 1_000) * 1_000))} ago</span>
        <span>fresh {formatDuration(freshUntilMs - createdMs)}</span>
        <span>stale window {formatDuration(expiresMs - freshUntilMs)}</span>
      </div>
    </figure>
  );
}

function useCarriedOn(nowMs: number): number {
  const [state, setState] = useState({ nowMs, sinceMs: performance.now(), atMs: nowMs });
  useEffect(() => {
    const began = performance.now();
    const tick = () => setState({ nowMs, sinceMs: began, atMs: nowMs + performance.now() - began });
    tick();
    const timer = setInterval(tick, STEP_MS);
    return () => clearInterval(timer);
  }, [nowMs]);
  return state.nowMs === nowMs ? state.atMs : nowMs;
}
