import type { ReactNode } from 'react';
import classes from './shell.module.css';

/** A page's name, one line on what it is for, and what acts on the whole of it. */
export function PageHead({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <div className={classes['pageHead']}>
      <h1>{title}</h1>
      {lead !== undefined && <p>{lead}</p>}
      {children !== undefined && <div className={classes['pageTools']}>{children}</div>}
    </div>
  );
}
