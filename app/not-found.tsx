import { Button, Container, Stack, Text, Title } from '@mantine/core';
import { hrefs } from '../server/contract/hrefs.ts';

export default function NotFoundPage() {
  return (
    <Container size="xs" py={64} component="main">
      <Stack gap="md" align="flex-start">
        <Title order={1}>There is no such page</Title>
        <Text fz="sm">The address is wrong, or the page has moved.</Text>
        <Button component="a" href={hrefs.overview()}>
          To Overview
        </Button>
      </Stack>
    </Container>
  );
}
