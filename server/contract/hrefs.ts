import type { ServiceRef } from './service-ref.ts';

/** Every address within the console is made here. Empty values are left out. */
function href(path: string, params: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined && value !== '') query.set(key, value);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

type Scope = Partial<ServiceRef>;

export const hrefs = {
  overview: (scope: Scope & { entity?: string } = {}) => href('/', { ...scope }),
  keys: (scope: Scope & { entity?: string; id?: string; prefix?: string; key?: string } = {}) => href('/keys', { ...scope }),
  versions: (scope: Scope & { entity?: string } = {}) => href('/versions', { ...scope }),
  policies: (scope: Scope & { entity?: string } = {}) => href('/policies', { ...scope }),
  lab: (scope: Scope = {}) => href('/lab', { ...scope }),
  storeAway: (next?: string) => href('/store-away', { next }),
  signIn: (next?: string) => href('/sign-in', { next }),
};
