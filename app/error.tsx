'use client';
import { Button, Code, Container, Group, Stack, Text, Title } from '@mantine/core';
import { Logo } from '../components/layout/logo.tsx';
import { hrefs } from '../server/contract/hrefs.ts';

interface ErrorPageProps {
  error: Error & { digest?: string };
  reset: () => void;
}

/** A page that failed. The text of the error stays in the server's log; its number is shown. */
export default function ErrorPage({ error, reset }: ErrorPageProps) {
  return (
    <Container size="xs" py={64} component="main">
      <Stack gap="md">
        <Logo />
        <Title order={1}>This page failed</Title>
        <Text fz="sm">
          The cache is not touched by it. Try again; if it stays, the server's log has the details
          {error.digest === undefined ? '' : ' under '}
          {error.digest !== undefined && <Code>{error.digest}</Code>}.
        </Text>
        <Group gap="xs">
          <Button onClick={reset}>Try again</Button>
          <Button variant="default" component="a" href={hrefs.overview()}>
            To Overview
          </Button>
        </Group>
      </Stack>
    </Container>
  );
}
