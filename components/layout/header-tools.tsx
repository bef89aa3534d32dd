'use client';
import { ActionIcon, Badge, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useHotkeys, useMounted } from '@mantine/hooks';
import { IconHelp, IconMoon, IconSearch, IconSun, IconUser } from '@tabler/icons-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { useLive, useLiveStore } from '../live/live-context.tsx';
import { useSession } from '../trpc/session-context.tsx';
import { Hint } from './hint.tsx';
import classes from './shell.module.css';

// What is not seen at first is loaded when it is asked for.
const Palette = dynamic(() => import('./palette.tsx').then((file) => file.Palette), { ssr: false });
const HelpDialog = dynamic(() => import('./help-dialog.tsx').then((file) => file.HelpDialog), { ssr: false });
const PersonDialog = dynamic(() => import('./person-dialog.tsx').then((file) => file.PersonDialog), { ssr: false });

/** Palette, look, help and the person. */
export function HeaderTools() {
  const session = useSession();
  const store = useLiveStore();
  const paused = useLive((snapshot) => snapshot.paused);
  const [dialog, setDialog] = useState<'help' | 'person' | null>(null);
  const [asked, setAsked] = useState(0);
  const openPalette = () => setAsked(asked + 1);
  useHotkeys([
    ['shift+?', () => setDialog('help')],
    ['?', () => setDialog('help')],
    ['p', () => store.setPaused(!paused)],
  ]);
  // From within a field, too.
  useHotkeys([['mod+K', openPalette]], []);
  return (
    <>
      <Hint label="Go to a page, service or entity (Ctrl K)">
        <ActionIcon variant="default" aria-label="Open the command palette" onClick={openPalette}>
          <IconSearch size={16} />
        </ActionIcon>
      </Hint>
      <LookSwitch />
      <Hint label="Help and shortcuts (?)">
        <ActionIcon variant="default" aria-label="Help" onClick={() => setDialog('help')} className={classes['wide'] ?? ''}>
          <IconHelp size={16} />
        </ActionIcon>
      </Hint>
      <Hint label={`${session.name}: look and sign out`}>
        <ActionIcon
          variant="default"
          aria-label={`Signed in as ${session.name}, ${session.role}`}
          aria-haspopup="dialog"
          onClick={() => setDialog('person')}
        >
          <IconUser size={16} />
        </ActionIcon>
      </Hint>
      <Badge variant="light" color="gray" radius="sm" tt="none" className={classes['wide'] ?? ''} aria-label={`Your role: ${session.role}`}>
        {session.readonly ? 'read-only' : session.role}
      </Badge>
      {asked > 0 && <Palette asked={asked} />}
      {dialog === 'help' && <HelpDialog onClose={() => setDialog(null)} />}
      {dialog === 'person' && <PersonDialog onClose={() => setDialog(null)} onHelp={() => setDialog('help')} />}
    </>
  );
}

function LookSwitch() {
  const mounted = useMounted();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark' && mounted;
  const label = dark ? 'Switch to light' : 'Switch to dark';
  return (
    <Hint label={label}>
      <ActionIcon variant="default" aria-label={label} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
        {dark ? <IconMoon size={16} /> : <IconSun size={16} />}
      </ActionIcon>
    </Hint>
  );
}
