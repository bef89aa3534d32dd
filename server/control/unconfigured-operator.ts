import { type Operator, OperatorUnavailable } from 'sideboard-engine';

/** Stands in where the address of Redis is not legal: the console runs, and says why on every page. */
export function unconfiguredOperator(reason: string, since: number): Operator {
  const refuse = () => Promise.reject(new OperatorUnavailable(reason));
  const nothing = () => Promise.resolve();
  return {
    ready: nothing,
    close: nothing,
    state: () => ({ state: 'down', since, reason }),
    onState: () => () => undefined,
    services: refuse,
    instances: refuse,
    forgetInstances: refuse,
    frames: refuse,
    redisStats: refuse,
    now: refuse,
    versions: refuse,
    bump: refuse,
    invalidate: refuse,
    policies: refuse,
    publishPolicies: refuse,
    orderFaults: refuse,
    faults: refuse,
    scan: refuse,
    describe: refuse,
    find: refuse,
    inspect: refuse,
    explain: refuse,
  };
}
