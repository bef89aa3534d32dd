import { IconActivity, IconClockHour4, IconFlask, IconKey, IconVersions } from '@tabler/icons-react';
import { hrefs } from '../../server/contract/hrefs.ts';

/** The pages that exist, in the order of the navigation; the digit after `g` opens one. */
export const navPages = [
  {
    id: 'overview',
    label: 'Overview',
    path: '/',
    href: hrefs.overview,
    icon: IconActivity,
    hint: 'hits, misses, latency and evictions, live',
  },
  { id: 'keys', label: 'Keys', path: '/keys', href: hrefs.keys, icon: IconKey, hint: 'find, read and invalidate entries' },
  { id: 'versions', label: 'Versions', path: '/versions', href: hrefs.versions, icon: IconVersions, hint: 'drop a whole entity at once' },
  { id: 'policies', label: 'TTL policies', path: '/policies', href: hrefs.policies, icon: IconClockHour4, hint: 'how long entries live' },
  { id: 'lab', label: 'Failure lab', path: '/lab', href: hrefs.lab, icon: IconFlask, hint: 'rehearse an outage' },
] as const;
