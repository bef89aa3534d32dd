'use client';
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { explainError } from '../trpc/explain-error.ts';
import { Notice } from './notice.tsx';
import { useFocusBack } from './use-focus-back.ts';

interface ConfirmActProps {
  onClose: () => void;
  title: string;
  /** What will happen, in plain words and numbers. */
  children: ReactNode;
  confirm: string;
  /** What must be typed first, in production; null: a plain confirm. */
  phrase: string | null;
  pending: boolean;
  error?: unknown;
  onConfirm: () => void;
}

/** The one question before a change: what happens, and one button that does it. */
export function ConfirmAct(props: ConfirmActProps) {
  useFocusBack();
  return (
    <Modal opened onClose={props.onClose} title={props.title}>
      <ConfirmForm {...props} />
    </Modal>
  );
}

function ConfirmForm({ onClose, children, confirm, phrase, pending, error, onConfirm }: ConfirmActProps) {
  const [typed, setTyped] = useState('');
  const ready = phrase === null || typed === phrase;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !pending) onConfirm();
  };
  const trouble = error === undefined || error === null ? null : explainError(error);
  return (
    <form onSubmit={submit}>
      <Stack gap="md" fz="sm">
        {children}
        {phrase !== null && (
          <TextInput
            label={`This is production. Type “${phrase}” to go on.`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        {trouble !== null && (
          <Notice tone="trouble" title={trouble.title}>
            {trouble.message} {trouble.advice}
          </Notice>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red.9" disabled={!ready} loading={pending} {...(phrase === null ? { 'data-autofocus': true } : {})}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
