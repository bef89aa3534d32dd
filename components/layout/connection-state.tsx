'use client';
import { ActionIcon } from '@mantine/core';
import { IconAlertTriangleFilled, IconCircleCheckFilled, IconLoader2, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useLive, useLiveState, useLiveStore } from '../live/live-context.tsx';
import { useAgeSeconds, useSilence } from '../live/server-now.ts';
import { Hint } from './hint.tsx';
import classes from './shell.module.css';

type Health = 'ok' | 'wait' | 'bad';

const icons = {
  ok: <IconCircleCheckFilled size={13} className={classes['ok'] ?? ''} aria-hidden="true" />,
  wait: <IconLoader2 size={13} aria-hidden="true" />,
  bad: <IconAlertTriangleFilled size={13} className={classes['bad'] ?? ''} aria-hidden="true" />,
} satisfies Record<Health, unknown>;

const streams = {
  connecting: { health: 'wait', word: 'connecting', detail: 'Waiting for the first second from the console.' },
  waiting: { health: 'wait', word: 'waiting', detail: 'Waiting for the tab that holds the stream.' },
  open: { health: 'ok', word: 'live', detail: 'One stream serves all tabs of this browser.' },
  paused: { health: 'wait', word: 'resting', detail: 'No tab is looked at, so the stream rests.' },
  'signed-out': { health: 'bad', word: 'signed out', detail: 'The session ended.' },
} as const;

const silence = { health: 'bad', word: 'silent', detail: 'It is open and brings nothing.' } as const;

/** Is what I see alive? The stream, Redis and the console's own store, the age of the last second, and a pause. */
export function ConnectionState({ className }: { className: string }) {
  const status = useLive((snapshot) => snapshot.status);
  const silent = useSilence();
  const stream = silent && status === 'open' ? silence : streams[status];
  const redis = useLiveState((state) => state.redis.state);
  const address = useLiveState((state) => state.redis.address);
  const version = useLiveState((state) => state.redis.version);
  const store = useLiveState((state) => state.store.state);
  return (
    <div className={`${classes['connections']} ${className}`}>
      <Chip name="Stream" word={stream.word} health={stream.health} detail={stream.detail} />
      <Chip
        name="Redis"
        word={redis === null ? '…' : silent ? `was ${redis}` : redis}
        health={redis === null || silent || redis === 'connecting' ? 'wait' : redis === 'up' ? 'ok' : 'bad'}
        detail={redis === null ? 'Not known yet.' : `${address ?? ''}${version === null ? '' : `, version ${version}`}`}
      />
      <Chip
        name="Store"
        word={store === null ? '…' : silent ? `was ${store}` : store}
        health={store === null || silent ? 'wait' : store === 'up' ? 'ok' : 'bad'}
        detail="The console's own database: revisions, audit, people."
      />
      <Age />
    </div>
  );
}

function Chip({ name, word, health, detail }: { name: string; word: string; health: Health; detail: string }) {
  return (
    <Hint label={detail}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: its tooltip must be reachable by keyboard */}
      <span className={classes['chip']} tabIndex={0}>
        {icons[health]}
        {name} <span className={classes['chipWord']}>{word}</span>
      </span>
    </Hint>
  );
}

function Age() {
  const store = useLiveStore();
  const age = useAgeSeconds();
  const paused = useLive((snapshot) => snapshot.paused);
  return (
    <span className={classes['age']}>
      <span>{paused ? 'charts paused' : age === null ? 'no data yet' : `updated ${age} s ago`}</span>
      <Hint label={paused ? 'Let the charts go on (p)' : 'Hold the charts still (p); banners stay live'}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={paused ? 'Resume the charts' : 'Pause the charts'}
          onClick={() => store.setPaused(!paused)}
        >
          {paused ? <IconPlayerPlay size={15} /> : <IconPlayerPause size={15} />}
        </ActionIcon>
      </Hint>
    </span>
  );
}
