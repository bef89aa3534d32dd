'use client';
import { useEffect, useState } from 'react';

/** Gives the keyboard back to what had it before this part of the page appeared. For dialogs that exist only while they are open. */
export function useFocusBack(): void {
  const [before] = useState(() => (typeof document === 'undefined' ? null : document.activeElement));
  useEffect(
    () => () => {
      // After the dialog's own clean-up; only when nothing else has taken the focus meanwhile.
      queueMicrotask(() => {
        const now = document.activeElement;
        if (before instanceof HTMLElement && before.isConnected && (now === null || now === document.body))
          before.focus({ preventScroll: true });
      });
    },
    [before],
  );
}
