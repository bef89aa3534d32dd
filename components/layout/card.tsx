import type { ReactNode } from 'react';
import classes from './card.module.css';

interface CardProps {
  title?: ReactNode;
  /** Names the group where it has no title. */
  label?: string;
  tone?: 'plain' | 'done' | 'warn';
  children: ReactNode;
}

/** Groups what belongs together; nothing else. */
export function Card({ title, label, tone = 'plain', children }: CardProps) {
  return (
    <section className={classes['card']} data-tone={tone} {...(label === undefined ? {} : { 'aria-label': label })}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  );
}
