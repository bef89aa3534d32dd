'use client';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { navPages } from './nav-pages.ts';
import classes from './shell.module.css';

/** Links to the pages; env and service stay chosen. */
export function MainNav({ onGo }: { onGo: () => void }) {
  const path = usePathname();
  const params = useSearchParams();
  const env = params.get('env');
  const service = params.get('service');
  const scope = env === null || service === null ? {} : { env, service };
  return (
    <ul className={classes['nav']}>
      {navPages.map((page) => (
        <li key={page.id}>
          <Link
            href={page.href(scope)}
            className={classes['navLink']}
            onClick={onGo}
            {...(path === page.path ? { 'aria-current': 'page' as const } : {})}
          >
            <page.icon size={17} stroke={1.7} aria-hidden="true" />
            {page.label}
          </Link>
        </li>
      ))}
    </ul>
  );
}
