'use client';
import { Button, Group, Input, NumberInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type ExperimentInput, experimentInput } from '../../server/contract/lab.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { ActButton } from '../layout/act-button.tsx';
import { Card } from '../layout/card.tsx';
import { ConfirmAct } from '../layout/confirm-act.tsx';
import { describeFault } from '../layout/describe-fault.ts';
import { useLiveState } from '../live/live-context.tsx';
import { newIntent } from '../trpc/new-intent.ts';
import { useDenied, useIsProduction } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { type ExperimentFields, parseExperiment } from './parse-experiment.ts';

const SECONDS = [10, 30, 60] as const;

/** What to simulate, for how long, and why. */
export function ComposeForm({ scope }: { scope: ServiceRef }) {
  const denied = useDenied('lab.start');
  const instances = useLiveState((state) => state.instances) ?? [];
  const own = instances.filter((one) => one.alive && one.env === scope.env && one.service === scope.service);
  const takers = own.filter((one) => one.allowFaults).length;
  const [asked, setAsked] = useState<ExperimentInput | null>(null);
  const form = useForm<ExperimentFields>({
    mode: 'controlled',
    initialValues: { kind: 'down', latencyMs: 200, seconds: '', reason: '' },
    validate: (fields) => parseExperiment(scope, fields).errors,
  });
  const nobody = takers === 0 ? 'No running instance of this service takes faults: its owner has to allow them.' : null;
  return (
    <Card title="New experiment">
      <form
        onSubmit={form.onSubmit((fields) => {
          const { experiment } = parseExperiment(scope, fields);
          if (denied === null && nobody === null && experiment !== null) setAsked(experiment);
        })}
      >
        <Stack gap="sm">
          <Text fz="sm">
            For{' '}
            <strong>
              {scope.env} / {scope.service}
            </strong>
            : {takers} of {own.length} running instances take faults.
          </Text>
          <Input.Wrapper
            label="Fault"
            labelElement="div"
            inputWrapperOrder={['label', 'input', 'description']}
            description={
              form.values.kind === 'down'
                ? 'Connections are cut and refused: reads go to the origin, counted as unavailable.'
                : 'Every answer comes later: past the deadline, reads go to the origin.'
            }
          >
            <SegmentedControl
              fullWidth
              my={4}
              aria-label="Fault"
              data={[
                { value: 'down', label: 'Redis down' },
                { value: 'slow', label: 'Redis slow' },
              ]}
              {...form.getInputProps('kind')}
            />
          </Input.Wrapper>
          {form.values.kind === 'slow' && (
            <NumberInput label="Slower by, ms" min={1} max={10_000} step={50} allowDecimal={false} {...form.getInputProps('latencyMs')} />
          )}
          <div>
            <NumberInput
              label="Ends by itself after, seconds"
              description="Mandatory: at most 900. It ends even if this console dies."
              placeholder="10"
              allowDecimal={false}
              {...form.getInputProps('seconds')}
            />
            <Group gap={4} mt={4}>
              {SECONDS.map((seconds) => (
                <Button
                  key={seconds}
                  size="compact-xs"
                  variant={form.values.seconds === seconds ? 'light' : 'default'}
                  onClick={() => form.setFieldValue('seconds', seconds)}
                >
                  {seconds} s
                </Button>
              ))}
            </Group>
          </div>
          <TextInput
            label="Reason"
            description="Others see it in the banner and the audit"
            placeholder="rehearse a failover"
            maxLength={200}
            {...form.getInputProps('reason')}
          />
          <ActButton type="submit" color="red.9" denied={denied ?? nobody} onClick={() => undefined}>
            Start…
          </ActButton>
        </Stack>
      </form>
      {asked !== null && <StartDialog experiment={asked} takers={takers} onClose={() => setAsked(null)} />}
    </Card>
  );
}

function StartDialog({ experiment, takers, onClose }: { experiment: ExperimentInput; takers: number; onClose: () => void }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const production = useIsProduction(experiment.env);
  const [idempotencyKey] = useState(newIntent);
  const start = useMutation(
    trpc.lab.start.mutationOptions({
      onSuccess: onClose,
      onSettled: () => queries.invalidateQueries(trpc.lab.list.queryFilter()),
    }),
  );
  const fault = describeFault({ kind: experiment.kind, latencyMs: experiment.kind === 'slow' ? experiment.latencyMs : null });
  return (
    <ConfirmAct
      onClose={onClose}
      title="Start the experiment"
      confirm={`Start for ${experiment.seconds} s`}
      phrase={production ? experiment.env : null}
      pending={start.isPending}
      error={start.error}
      onConfirm={() => start.mutate({ experiment: experimentInput.parse(experiment), idempotencyKey })}
    >
      <p style={{ margin: 0 }}>
        <strong>{fault}</strong> for {takers} instances of {experiment.env} / {experiment.service}, for {experiment.seconds} s. Their reads
        go to the origin meanwhile. The real Redis is never touched; Stop is on every page.
      </p>
    </ConfirmAct>
  );
}
