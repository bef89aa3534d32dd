'use client';
import { ActionIcon, Badge, Menu, Modal, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useHotkeys, useMounted } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { openSpotlight } from '@mantine/spotlight';
import { IconDeviceDesktop, IconHelp, IconLogout, IconMoon, IconSearch, IconSun, IconUser } from '@tabler/icons-react';
import dynamic from 'next/dynamic';
import { useLive, useLiveStore } from '../live/live-context.tsx';
import { useSession } from '../trpc/session-context.tsx';
import classes from './shell.module.css';

// What is not seen at first is loaded after what is.
const Palette = dynamic(() => import('./palette.tsx').then((file) => file.Palette), { ssr: false });
const ShortcutList = dynamic(() => import('./shortcut-list.tsx').then((file) => file.ShortcutList));

async function leave(): Promise<void> {
  const { signOut } = await import('./sign-out.ts');
  if (await signOut()) return;
  notifications.show({ color: 'red', title: 'Still signed in', message: 'The console did not answer. Try again.', withBorder: true });
}

/** Palette, look, help and the person. */
export function HeaderTools() {
  const session = useSession();
  const store = useLiveStore();
  const paused = useLive((snapshot) => snapshot.paused);
  const [helpOpen, help] = useDisclosure(false);
  useHotkeys([
    ['shift+?', help.open],
    ['?', help.open],
    ['p', () => store.setPaused(!paused)],
  ]);
  return (
    <>
      <Tooltip label="Go to a page, service or entity (Ctrl K)">
        <ActionIcon variant="default" aria-label="Open the command palette" onClick={openSpotlight}>
          <IconSearch size={16} />
        </ActionIcon>
      </Tooltip>
      <LookMenu />
      <Tooltip label="Help and shortcuts (?)">
        <ActionIcon variant="default" aria-label="Help" onClick={help.open} className={classes['wide'] ?? ''}>
          <IconHelp size={16} />
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" withArrow>
        <Menu.Target>
          <ActionIcon variant="default" aria-label={`Signed in as ${session.name}, ${session.role}`}>
            <IconUser size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {session.name}{' '}
            <Badge size="xs" variant="light" radius="sm" ml={4}>
              {session.role}
            </Badge>
          </Menu.Label>
          <Menu.Label>{session.email}</Menu.Label>
          <Menu.Divider />
          <Menu.Item leftSection={<IconHelp size={15} />} onClick={help.open}>
            Help and shortcuts
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void leave()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Badge variant="light" color="gray" radius="sm" tt="none" className={classes['wide'] ?? ''} aria-label={`Your role: ${session.role}`}>
        {session.readonly ? 'read-only' : session.role}
      </Badge>
      <Palette />
      <Modal opened={helpOpen} onClose={help.close} title="Help" size="lg">
        <ShortcutList />
      </Modal>
    </>
  );
}

function LookMenu() {
  const mounted = useMounted();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const computed = useComputedColorScheme('light');
  const chosen = mounted ? colorScheme : 'auto';
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <ActionIcon variant="default" aria-label="Light or dark">
          {mounted && computed === 'dark' ? <IconMoon size={16} /> : <IconSun size={16} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconDeviceDesktop size={15} />} onClick={() => setColorScheme('auto')} fw={chosen === 'auto' ? 600 : 400}>
          As the system
        </Menu.Item>
        <Menu.Item leftSection={<IconSun size={15} />} onClick={() => setColorScheme('light')} fw={chosen === 'light' ? 600 : 400}>
          Light
        </Menu.Item>
        <Menu.Item leftSection={<IconMoon size={15} />} onClick={() => setColorScheme('dark')} fw={chosen === 'dark' ? 600 : 400}>
          Dark
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
