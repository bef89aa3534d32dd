'use client';
import { notifications } from '@mantine/notifications';
import { IconPlayerStopFilled } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { describeFault } from '../../server/contract/describe-fault.ts';
import type { ExperimentView } from '../../server/contract/lab.ts';
import { useDenied } from '../trpc/session-context.tsx';
import { showError } from '../trpc/show-error.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { ActButton } from './act-button.tsx';

interface StopButtonProps {
  experiment: ExperimentView;
  variant: 'banner' | 'table';
}

/** Ends one experiment, at once and without a question: stopping is never blocked. */
export function StopButton({ experiment, variant }: StopButtonProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const denied = useDenied('lab.stop');
  const stop = useMutation(
    trpc.lab.stop.mutationOptions({
      onSuccess() {
        notifications.show({ color: 'teal', title: 'Stopped', message: `${describeFault(experiment.fault)} has ended.`, withBorder: true });
        return queries.invalidateQueries(trpc.lab.list.queryFilter());
      },
      onError: showError,
    }),
  );
  return (
    <ActButton
      denied={denied}
      size={variant === 'banner' ? 'compact-sm' : 'compact-xs'}
      color={variant === 'banner' ? 'dark' : 'red'}
      variant={variant === 'banner' ? 'white' : 'light'}
      leftSection={<IconPlayerStopFilled size={13} />}
      loading={stop.isPending}
      onClick={() => stop.mutate({ id: experiment.id })}
    >
      Stop
    </ActButton>
  );
}
