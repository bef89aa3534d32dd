'use client';
import { Button, Code, Container, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect } from 'react';
import { hrefs } from '../../server/contract/hrefs.ts';
import { Logo } from '../layout/logo.tsx';
import { isStoreBack } from './is-store-back.ts';

const LOOK_EVERY_MS = 2_000;

interface StoreAwayViewProps {
  /** A path within the console, checked by the page. */
  next: string | undefined;
}

/** Why no page can be shown, what it does not touch, what to do; goes on by itself when the store is back. */
export function StoreAwayView({ next }: StoreAwayViewProps) {
  const target = next ?? hrefs.overview();
  useEffect(() => {
    const timer = setInterval(() => {
      void isStoreBack().then((back) => {
        if (back) window.location.replace(target);
      });
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [target]);
  return (
    <Container size="xs" py={64} component="main">
      <Stack gap="md">
        <Logo />
        <Title order={1}>The console's store is down</Title>
        <Text fz="sm">
          It knows who is signed in, so this page cannot be shown now. The cache and the services are not touched by it. This page goes on
          by itself when the store is back.
        </Text>
        <Text fz="sm">
          If it stays: check the Postgres that <Code>DATABASE_URL</Code> names. Without one the store is embedded, and{' '}
          <Code>npm start</Code> brings it back and says so in its terminal.
        </Text>
        <Group gap="xs">
          <Button component="a" href={target}>
            Try again
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
