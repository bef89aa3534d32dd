'use client';
import { Button, Group, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { ExperimentInput } from '../../server/contract/lab.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { ActButton } from '../layout/act-button.tsx';
import { Card } from '../layout/card.tsx';
import { useLiveState } from '../live/live-context.tsx';
import { useDenied } from '../trpc/session-context.tsx';
import { FaultFields } from './fault-fields.tsx';
import { faultMenu, menuEntry, plainFault, presets } from './fault-menu.ts';
import { type ExperimentFields, parseExperiment } from './parse-experiment.ts';
import { StartDialog } from './start-dialog.tsx';

const SECONDS = [10, 30, 60] as const;
const menu = faultMenu.map(({ group, entries }) => ({ group, items: entries.map(({ kind, label }) => ({ value: kind, label })) }));

/** What to simulate, on whom, for how long, and why. */
export function ComposeForm({ scope }: { scope: ServiceRef }) {
  const denied = useDenied('lab.start');
  const instances = useLiveState((state) => state.instances) ?? [];
  const own = instances.filter((one) => one.alive && one.env === scope.env && one.service === scope.service);
  const takers = own.filter((one) => one.allowFaults).length;
  const [asked, setAsked] = useState<ExperimentInput | null>(null);
  const form = useForm<ExperimentFields>({
    mode: 'controlled',
    initialValues: { ...plainFault, instancesPercent: 100, seconds: '', reason: '' },
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
        <Stack gap="xs">
          <Text fz="sm">
            <strong>
              {scope.env} / {scope.service}
            </strong>
            : {takers} of {own.length} {own.length === 1 ? 'instance takes' : 'instances take'} faults.
          </Text>
          <fieldset style={{ border: 0, margin: 0, padding: 0 }} aria-label="Presets">
            <Group gap={4}>
              {presets.map(({ label, fields }) => {
                const chosen = isSame(fields, form.values);
                return (
                  <Button
                    key={label}
                    size="compact-xs"
                    variant={chosen ? 'light' : 'default'}
                    aria-pressed={chosen}
                    onClick={() => form.setValues(fields)}
                  >
                    {label}
                  </Button>
                );
              })}
            </Group>
          </fieldset>
          <NativeSelect
            label="Fault"
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            description={menuEntry(form.values.kind).effect}
            data={menu}
            {...form.getInputProps('kind')}
          />
          <FaultFields form={form} />
          <Group gap={4} align="flex-end" wrap="nowrap">
            <NumberInput
              label="Ends by itself after, s"
              description="Mandatory: at most 900"
              placeholder="10"
              allowDecimal={false}
              inputWrapperOrder={['label', 'description', 'error', 'input']}
              flex={1}
              {...form.getInputProps('seconds')}
            />
            {SECONDS.map((seconds) => (
              <Button
                key={seconds}
                size="compact-sm"
                my={5}
                variant={form.values.seconds === seconds ? 'light' : 'default'}
                onClick={() => form.setFieldValue('seconds', seconds)}
              >
                {seconds} s
              </Button>
            ))}
          </Group>
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

/** Of a preset what its fault has counts; what only other faults have may stand as it will. */
function isSame(preset: (typeof presets)[number]['fields'], fields: ExperimentFields): boolean {
  const scope = { env: 'preset', service: 'preset' };
  const rest = { instancesPercent: 100, seconds: 1, reason: 'preset' };
  const faultOf = (part: typeof preset) => JSON.stringify(parseExperiment(scope, { ...part, ...rest }).experiment?.fault ?? null);
  return faultOf(preset) === faultOf(fields);
}
