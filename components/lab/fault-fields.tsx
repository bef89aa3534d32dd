'use client';
import { Checkbox, Group, NativeSelect, NumberInput, SimpleGrid } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { drawnPer } from '../../server/contract/describe-fault.ts';
import { ERROR_REPLIES, FAULT_ROLES } from '../../server/contract/lab.ts';
import { type ExperimentFields, hasField, strikesRole } from './parse-experiment.ts';

const DIRECTION_NAMES = [
  { value: 'from-redis', label: 'from Redis' },
  { value: 'to-redis', label: 'to Redis' },
  { value: 'both', label: 'both ways' },
];

/** What the chosen fault needs to be told, and whom it strikes. */
export function FaultFields({ form }: { form: UseFormReturnType<ExperimentFields> }) {
  const { kind } = form.values;
  const has = (field: Parameters<typeof hasField>[1]) => hasField(kind, field);
  return (
    <>
      <SimpleGrid cols={2} spacing="xs" verticalSpacing="xs">
        {has('direction') && <NativeSelect label="Direction" data={DIRECTION_NAMES} {...form.getInputProps('direction')} />}
        {has('error') && <NativeSelect label="Error" data={[...ERROR_REPLIES]} {...form.getInputProps('error')} />}
        {has('bytesPerSecond') && (
          <NumberInput label="Bytes per second" min={128} step={1_000} allowDecimal={false} {...form.getInputProps('bytesPerSecond')} />
        )}
        {has('latencyMs') && (
          <NumberInput label="Later by, ms" min={1} max={10_000} step={50} allowDecimal={false} {...form.getInputProps('latencyMs')} />
        )}
        {has('jitterMs') && (
          <NumberInput label="and up to, ms more" min={0} max={10_000} step={50} allowDecimal={false} {...form.getInputProps('jitterMs')} />
        )}
        {kind !== 'l1-off' && (
          <NumberInput label={`% of ${drawnPer(kind)}`} min={0} max={100} step={10} {...form.getInputProps('probabilityPercent')} />
        )}
        <NumberInput label="% of instances" min={1} max={100} step={10} allowDecimal={false} {...form.getInputProps('instancesPercent')} />
      </SimpleGrid>
      {has('roles') && (
        <Checkbox.Group label="Connections that are struck" {...form.getInputProps('roles')}>
          <Group gap="md" mt={4}>
            {FAULT_ROLES.filter((role) => strikesRole(kind, role)).map((role) => (
              <Checkbox key={role} value={role} label={role} size="xs" />
            ))}
          </Group>
        </Checkbox.Group>
      )}
    </>
  );
}
