'use client';
import { openSpotlight, Spotlight } from '@mantine/spotlight';
import { IconCube, IconServer2 } from '@tabler/icons-react';
import { useRouter } from 'next/navigation';
import { useEffect } from 'react';
import { hrefs } from '../../server/contract/hrefs.ts';
import { serviceKey } from '../../server/contract/live.ts';
import { useLive, useLiveState } from '../live/live-context.tsx';
import { entitiesOf } from '../live/rates.ts';
import { navPages } from './nav-pages.ts';
import { useScope } from './use-scope.ts';

const RESULTS_MAX = 12;

/** Every page, service and entity by a few letters. It opens whenever `asked` grows. */
export function Palette({ asked }: { asked: number }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` is what it follows
  useEffect(() => openSpotlight(), [asked]);
  const router = useRouter();
  const scope = useScope();
  const services = useLiveState((state) => state.services) ?? [];
  const names = useLive((snapshot) => (scope === null ? '' : JSON.stringify(entitiesOf(snapshot.points.slice(-1), serviceKey(scope)))));
  const entities: string[] = names === '' ? [] : entityList(names);
  return (
    <Spotlight
      shortcut={null}
      limit={RESULTS_MAX}
      highlightQuery
      nothingFound="No page, service or entity has this name."
      searchProps={{ placeholder: 'Go to a page, service or entity', 'aria-label': 'Go to a page, service or entity' }}
      actions={[
        {
          group: 'Pages',
          actions: navPages.map((page) => ({
            id: page.id,
            label: page.label,
            description: page.hint,
            leftSection: <page.icon size={18} stroke={1.6} />,
            onClick: () => router.push(page.href(scope ?? {})),
          })),
        },
        {
          group: 'Services',
          actions: services.map((service) => ({
            id: `service ${serviceKey(service)}`,
            label: `${service.env} / ${service.service}`,
            leftSection: <IconServer2 size={18} stroke={1.6} />,
            onClick: () => router.push(hrefs.overview(service)),
          })),
        },
        {
          group: 'Entities',
          actions: entities.flatMap((entity) => [
            {
              id: `entity ${entity}`,
              label: entity,
              description: 'on Overview',
              leftSection: <IconCube size={18} stroke={1.6} />,
              onClick: () => router.push(hrefs.overview({ ...scope, entity })),
            },
            {
              id: `keys ${entity}`,
              label: `${entity}: keys`,
              leftSection: <IconCube size={18} stroke={1.6} />,
              onClick: () => router.push(hrefs.keys({ ...scope, entity })),
            },
          ]),
        },
      ]}
    />
  );
}

function entityList(json: string): string[] {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed.filter((name): name is string => typeof name === 'string') : [];
}
