'use client';
import { IconBolt, IconCircleCheckFilled, IconCircleDashed, IconCircleXFilled } from '@tabler/icons-react';
import type { ServiceRef } from '../../server/contract/service-ref.ts';
import { AsOf } from '../charts/as-of.tsx';
import { Hint } from '../layout/hint.tsx';
import { useLiveState } from '../live/live-context.tsx';
import classes from './overview.module.css';

/** Every process of the service: does it live, which policies does it run, is a fault on it. */
export function InstanceStrip({ scope }: { scope: ServiceRef }) {
  const instances = useLiveState((state) => state.instances) ?? [];
  const knownToMs = useLiveState((state) => state.instancesKnownToMs);
  const blind = useLiveState((state) => state.redis)?.state === 'down';
  const own = instances.filter((one) => one.env === scope.env && one.service === scope.service);
  const alive = own.filter((one) => one.alive).length;
  const policies = new Set(own.map((one) => policiesOf(one.policyRev)));
  const agreed = policies.size === 1 ? `, all with ${[...policies][0]}` : '';
  return (
    <section className={classes['card']} aria-label="Instances">
      <h2 className={classes['cardTitle']}>
        Who is running?
        <span>
          {blind
            ? 'not known while Redis is down; those who ran'
            : own.length === 0
              ? 'no instance has registered'
              : `${alive} of ${own.length} alive${agreed}`}
          <AsOf knownToMs={knownToMs} />
        </span>
      </h2>
      <ul className={classes['instances']}>
        {own.map((one) => (
          <Hint
            key={one.id}
            label={`${one.id} on ${one.host}, pid ${one.pid}, engine ${one.engine}${one.allowFaults ? '' : ', takes no faults'}`}
          >
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: its tooltip must be reachable by keyboard */}
            <li className={classes['instance']} tabIndex={0}>
              {blind ? (
                <IconCircleDashed size={14} aria-label="not known" />
              ) : one.alive ? (
                <IconCircleCheckFilled size={14} className={classes['alive'] ?? ''} aria-label="alive" />
              ) : (
                <IconCircleXFilled size={14} className={classes['dead'] ?? ''} aria-label="not heard of" />
              )}
              <code>{one.id.slice(-6)}</code>
              <span>
                {one.host} {one.pid}
              </span>
              {policies.size > 1 && <span>{policiesOf(one.policyRev)}</span>}
              {one.faults.length > 0 && (
                <span className={classes['fault']}>
                  <IconBolt size={13} aria-hidden="true" /> {one.faults.length === 1 ? 'fault' : `${one.faults.length} faults`}
                </span>
              )}
            </li>
          </Hint>
        ))}
      </ul>
    </section>
  );
}

const policiesOf = (rev: number | null) => (rev === null || rev === 0 ? 'policies from code' : `policy revision ${rev}`);
