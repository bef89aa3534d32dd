import classes from './shell.module.css';

/** A shelf with something on it: the sideboard. */
export function Logo() {
  return (
    <span className={classes['logo']}>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <rect x="1" y="9" width="18" height="7" rx="1.5" fill="var(--mantine-primary-color-filled)" />
        <path d="M10 9v7M4 16v2.5M16 16v2.5" stroke="var(--sb-surface)" strokeWidth="1.2" />
        <path d="M4 16v3M16 16v3" stroke="var(--mantine-primary-color-filled)" strokeWidth="1.6" />
        <rect x="3" y="2.5" width="4" height="5.5" rx="1" fill="var(--sb-hit)" />
        <rect x="8.5" y="4.5" width="4" height="3.5" rx="1" fill="var(--sb-stale)" />
        <circle cx="15.5" cy="6" r="2" fill="var(--sb-miss)" />
      </svg>
      <span className={classes['logoText']}>Sideboard</span>
    </span>
  );
}
