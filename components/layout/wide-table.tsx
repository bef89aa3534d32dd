import type { ReactNode } from 'react';
import classes from './card.module.css';

/** A table that keeps its columns readable on a narrow screen by scrolling sideways within its card. */
export function WideTable({ children }: { children: ReactNode }) {
  return <div className={classes['wide']}>{children}</div>;
}
