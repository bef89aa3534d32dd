'use client';
import { Button, Drawer, Fieldset, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { type PolicyRow, type PolicyValues, presets, type SavePolicyReceipt } from '../../server/contract/policies.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { ActButton } from '../layout/act-button.tsx';
import { Ago } from '../layout/ago.tsx';
import { Card } from '../layout/card.tsx';
import { Notice } from '../layout/notice.tsx';
import { explainError } from '../trpc/explain-error.ts';
import { newIntent } from '../trpc/new-intent.ts';
import { useDenied, useIsProduction } from '../trpc/session-context.tsx';
import { useTRPC } from '../trpc/trpc-context.ts';
import { policyConflictOf } from './policy-conflict.ts';
import { fieldsOf, parseFields, sameValues } from './policy-form.ts';
import { ValuesDiff } from './values-diff.tsx';

interface PolicyEditorProps {
  scope: ServiceRef;
  row: PolicyRow;
  rev: number;
  onClose: () => void;
  onSaved: (receipt: SavePolicyReceipt) => void;
}

/** Edits one entity's policy: presets, the difference before it is saved, and what to do if somebody else saved first. */
export function PolicyEditor({ scope, row, rev, onClose, onSaved }: PolicyEditorProps) {
  return (
    <Drawer opened onClose={onClose} position="right" size={460} title={`TTL policy of ${row.entity}`}>
      <PolicyEditorForm scope={scope} row={row} rev={rev} onClose={onClose} onSaved={onSaved} />
    </Drawer>
  );
}

function PolicyEditorForm({ scope, row, rev, onClose, onSaved }: PolicyEditorProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const denied = useDenied('policies.save');
  const production = useIsProduction(scope.env);
  // What the form was opened on: the list goes on refreshing behind it.
  const [base, setBase] = useState({ rev, values: row.values });
  const [intent, setIntent] = useState(newIntent);
  const [phrase, setPhrase] = useState('');
  const form = useForm({
    mode: 'controlled',
    initialValues: fieldsOf(row.values),
    validateInputOnBlur: true,
    validate(fields) {
      const parsed = parseFields(fields);
      return parsed.ok ? {} : parsed.errors;
    },
  });
  const save = useMutation(
    trpc.policies.save.mutationOptions({
      onSuccess(receipt) {
        onSaved(receipt);
        onClose();
      },
      onSettled: () => Promise.all([queries.invalidateQueries(trpc.policies.pathFilter())]),
    }),
  );
  const parsed = parseFields(form.values);
  const changed = parsed.ok && !sameValues(parsed.values, base.values);
  const conflict = policyConflictOf(save.error);
  const trouble = save.error !== null && conflict === null ? explainError(save.error) : null;
  const fill = (values: PolicyValues) => {
    form.setValues(fieldsOf(values));
    form.clearErrors();
  };
  const send = (values: PolicyValues, baseRev: number, idempotencyKey: string) =>
    save.mutate({ ...scope, entity: row.entity, values, baseRev, idempotencyKey });
  const rebase = (values: PolicyValues, nextRev: number): string => {
    const next = newIntent();
    setBase({ rev: nextRev, values });
    setIntent(next);
    save.reset();
    return next;
  };
  const phraseOk = !production || phrase === scope.env;

  const reasonNotToSave =
    conflict !== null
      ? 'Choose between theirs and yours first.'
      : !parsed.ok
        ? 'Correct the marked value first.'
        : !changed
          ? 'Nothing has changed.'
          : phraseOk
            ? null
            : 'Type the name of the environment first.';

  return (
    <form
      onSubmit={form.onSubmit(() => {
        if (denied === null && parsed.ok && changed && reasonNotToSave === null) send(parsed.values, base.rev, intent);
      })}
    >
      <Stack gap="sm" fz="sm">
        <Fieldset variant="unstyled" m={0} p={0} aria-label="Presets by class of data">
          <Text fz="xs" c="dimmed" mb={4}>
            Presets by class of data (this entity's class: {row.class})
          </Text>
          <Group gap={4}>
            {presets.map((preset) => (
              <Button
                key={preset.class}
                size="compact-xs"
                variant={preset.class === row.class ? 'light' : 'default'}
                title={preset.hint}
                onClick={() => fill(preset.values)}
              >
                {preset.label}
              </Button>
            ))}
            <Button size="compact-xs" variant="default" onClick={() => fill(row.codeValues)}>
              As in code
            </Button>
          </Group>
        </Fieldset>
        <TextInput
          label="TTL"
          description="How long an entry is fresh, before jitter: 10 min, 1 h 30 min"
          data-autofocus
          {...form.getInputProps('ttl')}
        />
        <TextInput
          label="Jitter, %"
          description="The largest share of the TTL taken off at random, so that entries do not run out together"
          inputMode="decimal"
          {...form.getInputProps('jitter')}
        />
        <TextInput
          label="Stale window"
          description="How long past its TTL an entry is still served while one instance refreshes it; 0 for none"
          {...form.getInputProps('stale')}
        />
        {parsed.ok && changed && conflict === null && (
          <ValuesDiff
            caption="What changes"
            columns={[
              { name: 'now', values: base.values },
              { name: 'after saving', values: parsed.values },
            ]}
          />
        )}
        {conflict !== null && (
          <Card tone="warn" label="Conflict">
            <div role="alert">
              <p>
                <strong>
                  {conflict.by} saved revision {conflict.rev} first
                </strong>
                , <Ago atMs={conflict.atMs} />. Nothing of yours was saved.
              </p>
              <ValuesDiff
                caption="Theirs and yours"
                columns={[
                  { name: 'theirs', values: conflict.values },
                  { name: 'yours', values: parsed.ok ? parsed.values : base.values },
                ]}
              />
              <Group gap="xs" mt="xs">
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => {
                    fill(conflict.values);
                    rebase(conflict.values, conflict.rev);
                  }}
                >
                  Load theirs
                </Button>
                <Button
                  size="xs"
                  color="red"
                  variant="light"
                  onClick={() => {
                    const idempotencyKey = rebase(conflict.values, conflict.rev);
                    if (parsed.ok) send(parsed.values, conflict.rev, idempotencyKey);
                  }}
                >
                  Save mine on top of theirs
                </Button>
              </Group>
            </div>
          </Card>
        )}
        {trouble !== null && (
          <Notice tone="trouble" title={trouble.title}>
            {trouble.message} {trouble.advice}
          </Notice>
        )}
        {production && changed && (
          <TextInput
            label={`This is production. Type “${scope.env}” to save.`}
            value={phrase}
            autoComplete="off"
            onChange={(event) => setPhrase(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <ActButton type="submit" denied={denied ?? reasonNotToSave} loading={save.isPending} onClick={() => undefined}>
            Save
          </ActButton>
        </Group>
      </Stack>
    </form>
  );
}
