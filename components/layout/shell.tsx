'use client';
import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, Suspense } from 'react';
import type { SessionView } from '../../server/contract/session.ts';
import { ChartPatterns } from '../charts/chart-patterns.tsx';
import { Banners } from './banners.tsx';
import { ConnectionState } from './connection-state.tsx';
import { ConsoleProvider } from './console-provider.tsx';
import { HeaderTools } from './header-tools.tsx';
import { Logo } from './logo.tsx';
import { MainNav } from './main-nav.tsx';
import { ServicePicker } from './service-picker.tsx';
import classes from './shell.module.css';

const HEADER_PX = 48;
const NAV_PX = 176;

/** The frame of every page: where I am, what is connected, what is running, and the way to everything else. */
export function Shell({ session, children }: { session: SessionView; children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false);
  return (
    <ConsoleProvider session={session}>
      <a className={classes['skip']} href="#main">
        Skip to the content
      </a>
      <ChartPatterns />
      <AppShell
        header={{ height: HEADER_PX }}
        navbar={{ width: NAV_PX, breakpoint: 'sm', collapsed: { mobile: !open } }}
        transitionDuration={0}
        offsetScrollbars={false}
      >
        <AppShell.Header className={classes['header'] ?? ''}>
          <Group gap="xs" wrap="nowrap" h="100%" px="sm">
            <Burger
              opened={open}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={open ? 'Close the navigation' : 'Open the navigation'}
            />
            <Logo />
            <Suspense>
              <ServicePicker />
            </Suspense>
            <Group gap="xs" wrap="nowrap" ml="auto">
              <ConnectionState className={classes['wide'] ?? ''} />
              <Suspense>
                <HeaderTools />
              </Suspense>
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes['navbar'] ?? ''} p="xs" aria-label="Pages">
          <Suspense>
            <MainNav onGo={close} />
          </Suspense>
          <ConnectionState className={classes['narrow'] ?? ''} />
        </AppShell.Navbar>
        <AppShell.Main id="main" tabIndex={-1} className={classes['main'] ?? ''}>
          <Banners />
          <div className={classes['content']}>{children}</div>
        </AppShell.Main>
      </AppShell>
    </ConsoleProvider>
  );
}
