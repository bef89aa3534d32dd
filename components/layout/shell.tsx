'use client';
import { Burger } from '@mantine/core';
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

/** The frame of every page: where I am, what is connected, what is running, and the way to everything else. */
export function Shell({ session, children }: { session: SessionView; children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false);
  return (
    <ConsoleProvider session={session}>
      <a className={classes['skip']} href="#main">
        Skip to the content
      </a>
      <ChartPatterns />
      <div className={classes['frame']}>
        <header className={classes['header']}>
          <Burger
            opened={open}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={open ? 'Close the navigation' : 'Open the navigation'}
            aria-expanded={open}
            aria-controls="pages"
          />
          <Logo />
          <Suspense>
            <ServicePicker />
          </Suspense>
          <div className={classes['tools']}>
            <ConnectionState className={classes['wide'] ?? ''} />
            <Suspense>
              <HeaderTools />
            </Suspense>
          </div>
        </header>
        <nav id="pages" className={classes['navbar']} aria-label="Pages" data-open={open || undefined}>
          <Suspense>
            <MainNav onGo={close} />
          </Suspense>
          <ConnectionState className={classes['narrow'] ?? ''} />
        </nav>
        <main id="main" tabIndex={-1} className={classes['main']}>
          <Banners />
          <div className={classes['content']}>{children}</div>
        </main>
      </div>
    </ConsoleProvider>
  );
}
