'use client';
import { Table } from '@mantine/core';
import { IconBolt, IconCircleCheck, IconCircleDashed, IconCircleHalf2, IconCircleX, IconHourglass } from '@tabler/icons-react';
import { describeFault } from '../../server/contract/describe-fault.ts';
import type { ExperimentView } from '../../server/contract/lab.ts';
import type { BreakerState, InstanceView } from '../../server/contract/live.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { formatDuration } from '../../server/contract/units.ts';
import { AsOf } from '../charts/as-of.tsx';
import { Card } from '../layout/card.tsx';
import { WideTable } from '../layout/wide-table.tsx';
import { useLiveState } from '../live/live-context.tsx';
import { ackOf } from './ack-of.ts';
import classes from './lab.module.css';

/** A larger fleet is counted; those with trouble are shown first. */
const ROWS_MAX = 12;
const ROLES = ['read', 'write', 'lease'] as const;

/** Each process of the service: what it suffers, since it said so, and whether its breakers let it ask Redis. */
export function InstanceTable({ scope }: { scope: ServiceRef }) {
  const instances = useLiveState((state) => state.instances) ?? [];
  const experiments = useLiveState((state) => state.experiments) ?? [];
  const knownToMs = useLiveState((state) => state.instancesKnownToMs);
  const blind = useLiveState((state) => state.redis)?.state === 'down';
  const own = instances.filter((one) => one.env === scope.env && one.service === scope.service);
  const running = experiments.filter((one) => one.endedAtMs === null && one.env === scope.env && one.service === scope.service);
  const sorted = own.toSorted((a, b) => troubleOf(b) - troubleOf(a) || a.startedAtMs - b.startedAtMs);
  const shown = sorted.slice(0, ROWS_MAX);
  const open = own.filter(isOpen).length;
  const answer = blind
    ? 'Not known while Redis is down'
    : open === 0
      ? 'No breaker is open'
      : `${open} of ${own.length} with an open breaker`;
  return (
    <Card
      title={
        <>
          How do the instances take it? {answer}
          {!blind && <AsOf knownToMs={knownToMs} />}
        </>
      }
    >
      {own.length === 0 ? (
        <p>No instance has registered.</p>
      ) : (
        <WideTable>
          <Table miw={600} aria-label="Instances">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>instance</Table.Th>
                <Table.Th>experiments</Table.Th>
                {ROLES.map((role) => (
                  <Table.Th key={role}>{role} breaker</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Th scope="row">
                    <code>{one.id.slice(-6)}</code> <span className={classes['dim']}>pid {one.pid}</span>
                  </Table.Th>
                  <Table.Td>
                    {blind ? <span className={classes['dim']}>not known</span> : <Acks instance={one} running={running} />}
                  </Table.Td>
                  {ROLES.map((role) => (
                    <Table.Td key={role}>
                      <Breaker state={one.alive && !blind ? (one.breakers?.[role] ?? null) : null} />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </WideTable>
      )}
      {own.length > shown.length && <p>{own.length - shown.length} more are not shown; those with trouble come first.</p>}
    </Card>
  );
}

const WORDS = { applied: '', waiting: 'not yet:', spared: 'spared by' } as const;

function Acks({ instance, running }: { instance: InstanceView; running: readonly ExperimentView[] }) {
  if (!instance.alive) return <span className={classes['dim']}>not heard of</span>;
  if (!instance.allowFaults) return <span className={classes['dim']}>takes no faults</span>;
  if (running.length === 0) return <span className={classes['dim']}>none</span>;
  return (
    <ul className={classes['acks']}>
      {running.map((one) => {
        const ack = ackOf(one, instance);
        return (
          <li key={one.id} data-ack={ack.kind}>
            {ack.kind === 'applied' && <IconBolt size={13} aria-hidden="true" className={classes['struck'] ?? ''} />}
            {ack.kind === 'waiting' && <IconHourglass size={13} aria-hidden="true" />}
            {WORDS[ack.kind]} {describeFault(one.fault)}{' '}
            {ack.kind === 'applied' && ack.afterMs !== null && <span className={classes['dim']}>after {formatDuration(ack.afterMs)}</span>}
          </li>
        );
      })}
    </ul>
  );
}

const breakerLooks = {
  closed: { Icon: IconCircleCheck, word: 'closed' },
  open: { Icon: IconCircleX, word: 'open' },
  'half-open': { Icon: IconCircleHalf2, word: 'probing' },
} as const;

/** A breaker's state, never by colour alone. */
function Breaker({ state }: { state: BreakerState | null }) {
  if (state === null) {
    return (
      <span className={classes['breaker']} data-state="unknown">
        <IconCircleDashed size={14} aria-hidden="true" /> unknown
      </span>
    );
  }
  const { Icon, word } = breakerLooks[state];
  return (
    <span className={classes['breaker']} data-state={state}>
      <Icon size={14} aria-hidden="true" /> {word}
    </span>
  );
}

const isOpen = (one: InstanceView) => one.alive && one.breakers !== null && ROLES.some((role) => one.breakers?.[role] !== 'closed');
const troubleOf = (one: InstanceView) => (isOpen(one) ? 2 : one.faults.length > 0 || !one.alive ? 1 : 0);
