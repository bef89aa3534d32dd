'use client';
import { MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { Notices } from './notices.tsx';
import { theme } from './theme.ts';

interface ProvidersProps {
  nonce: string;
  children: ReactNode;
}

declare global {
  /** Where style libraries look for the nonce. */
  var __webpack_nonce__: string | undefined;
}

/** Look, dialogs and notices. Every style element gets the page's nonce, also those that the scroll lock adds. */
export function Providers({ nonce, children }: ProvidersProps) {
  if (typeof window !== 'undefined') globalThis.__webpack_nonce__ = nonce;
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <Notices />
      {children}
    </MantineProvider>
  );
}
