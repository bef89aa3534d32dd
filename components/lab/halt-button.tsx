'use client';
import { notifications } from '@mantine/notifications';
import { IconHandStop } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ActButton } from '../layout/act-button.tsx';
import { useLiveState } from '../live/live-context.tsx';
import { useDenied } from '../trpc/session-context.tsx';
import { showError } from '../trpc/show-error.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';

/** Ends every experiment of every service, at once and without a question. */
export function HaltButton() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const denied = useDenied('lab.stop');
  const running = (useLiveState((state) => state.experiments) ?? []).filter((one) => one.endedAtMs === null).length;
  const halt = useMutation(
    trpc.lab.halt.mutationOptions({
      onSuccess({ stopped, unreached }) {
        const away = unreached.map(({ env, service }) => `${env} / ${service}`).join(', ');
        notifications.show({
          color: unreached.length === 0 ? 'teal' : 'red',
          title: unreached.length === 0 ? 'Halted' : 'Not everything is halted',
          message:
            unreached.length === 0
              ? `${stopped.length} ${stopped.length === 1 ? 'experiment has' : 'experiments have'} ended.`
              : `Could not be told: ${away}. Their faults end by themselves.`,
          withBorder: true,
        });
        return queries.invalidateQueries(trpc.lab.list.queryFilter());
      },
      onError: showError,
    }),
  );
  return (
    <ActButton
      denied={denied ?? (running === 0 ? 'No experiment runs.' : null)}
      size="compact-sm"
      color="red"
      variant="light"
      leftSection={<IconHandStop size={14} />}
      loading={halt.isPending}
      onClick={() => halt.mutate({})}
    >
      Halt all
    </ActButton>
  );
}
