'use client';
import { Badge, Button, Group, Input, Modal, SegmentedControl, Stack, Text, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconHelp, IconLogout } from '@tabler/icons-react';
import { useState } from 'react';
import { useSession } from '../trpc/session-context.tsx';
import { signOut } from './sign-out.ts';
import { useFocusBack } from './use-focus-back.ts';

const looks = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const;

interface PersonDialogProps {
  onClose: () => void;
  onHelp: () => void;
}

/** Who is signed in, how the console looks to them, and the way out. */
export function PersonDialog({ onClose, onHelp }: PersonDialogProps) {
  useFocusBack();
  const session = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [leaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    if (await signOut()) return;
    setLeaving(false);
    notifications.show({ color: 'red', title: 'Still signed in', message: 'The console did not answer. Try again.', withBorder: true });
  };
  return (
    <Modal opened onClose={onClose} title="You" size="sm">
      <Stack gap="md">
        <div>
          <Group gap="xs">
            <Text fw={600}>{session.name}</Text>
            <Badge variant="light" color="gray" radius="sm" tt="none">
              {session.role}
            </Badge>
          </Group>
          <Text fz="sm" c="dimmed">
            {session.email}
          </Text>
        </div>
        <Input.Wrapper label="Look" labelElement="div">
          <SegmentedControl fullWidth mt={4} aria-label="Look" data={[...looks]} value={colorScheme} onChange={setColorScheme} />
        </Input.Wrapper>
        <Group justify="space-between" gap="xs">
          <Button variant="default" leftSection={<IconHelp size={15} />} onClick={onHelp}>
            Help and shortcuts
          </Button>
          <Button variant="default" leftSection={<IconLogout size={15} />} loading={leaving} onClick={() => void leave()}>
            Sign out
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
