'use client';
import { notifications } from '@mantine/notifications';
import { controlErrorOf } from './control-error-of.ts';
import { explainError } from './explain-error.ts';

/** Tells the operator of a change that failed. A lost session is told by the sign-in page alone. */
export function showError(error: unknown): void {
  if (controlErrorOf(error)?.code === 'UNAUTHENTICATED') return;
  const { title, message, advice } = explainError(error);
  notifications.show({ color: 'red', title, message: `${message} ${advice}`, autoClose: 12_000, withBorder: true });
}
