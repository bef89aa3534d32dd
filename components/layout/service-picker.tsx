'use client';
import { Badge, NativeSelect } from '@mantine/core';
import { serviceKey } from '../../server/contract/live.ts';
import { useLiveState } from '../live/live-context.tsx';
import { useIsProduction } from '../trpc/session-context.tsx';
import { Hint } from './hint.tsx';
import { setParams } from './set-params.ts';
import classes from './shell.module.css';
import { useScope } from './use-scope.ts';

/** Which service is looked at, and whether it is production. Choosing another leaves the filters of the one before. */
export function ServicePicker() {
  const scope = useScope();
  const services = useLiveState((state) => state.services) ?? [];
  const production = useIsProduction(scope?.env);
  const known = scope === null || services.some((one) => serviceKey(one) === serviceKey(scope)) ? services : [scope, ...services];
  return (
    <>
      {scope !== null && (
        <Hint label={production ? 'Production: acts ask for a typed phrase.' : 'Not production: acts ask for a plain confirm.'}>
          <Badge
            color={production ? 'red' : 'gray'}
            variant={production ? 'filled' : 'light'}
            radius="sm"
            tabIndex={0}
            className={classes['envBadge'] ?? ''}
            aria-label={`Environment ${scope.env}, ${production ? 'production' : 'not production'}`}
          >
            {scope.env}
          </Badge>
        </Hint>
      )}
      <NativeSelect
        aria-label="Service"
        className={classes['picker'] ?? ''}
        size="xs"
        disabled={known.length === 0}
        data={
          known.length === 0 ? ['no service yet'] : known.map((one) => ({ value: serviceKey(one), label: `${one.env} / ${one.service}` }))
        }
        value={scope === null ? 'no service yet' : serviceKey(scope)}
        onChange={({ currentTarget: { value } }) => {
          const next = known.find((one) => serviceKey(one) === value);
          if (next === undefined) return;
          setParams({ env: next.env, service: next.service, entity: null, id: null, prefix: null, key: null }, 'push');
        }}
      />
    </>
  );
}
