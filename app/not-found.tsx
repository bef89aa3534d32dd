import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { Logo } from '../components/layout/logo.tsx';
import { hrefs } from '../server/contract/hrefs.ts';

export default function NotFoundPage() {
  return (
    <Container size="xs" py={64} component="main">
      <Stack gap="md" align="flex-start">
        <Logo />
        <Title order={1}>There is no such page</Title>
        <Text fz="sm">The address is wrong, or the page has moved.</Text>
        <Button component="a" href={hrefs.overview()}>
          To Overview
        </Button>
      </Stack>
    </Container>
  );
}
