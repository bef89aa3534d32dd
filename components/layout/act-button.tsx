'use client';
import { Button, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { Hint } from './hint.tsx';

interface ActButtonProps extends Pick<ButtonProps, 'size' | 'color' | 'variant' | 'leftSection' | 'loading'> {
  /** Why it may not be pressed, in words; null when it may. */
  denied: string | null;
  onClick: () => void;
  children: ReactNode;
  label?: string;
  type?: 'button' | 'submit';
}

/** A button that, when it may not be pressed, stays reachable and says why. */
export function ActButton({ denied, onClick, children, label, type = 'button', ...look }: ActButtonProps) {
  return (
    <Hint label={denied}>
      <Button
        {...look}
        type={type}
        aria-disabled={denied !== null}
        {...(label === undefined ? {} : { 'aria-label': label })}
        {...(denied === null ? {} : { 'aria-description': denied, 'data-disabled': true })}
        onClick={(event) => {
          if (denied === null) onClick();
          else event.preventDefault();
        }}
      >
        {children}
      </Button>
    </Hint>
  );
}
