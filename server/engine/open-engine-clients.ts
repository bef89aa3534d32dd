import type { Redis } from 'ioredis';
import { refusalOf } from './await-connection.ts';
import type { BreakerState } from './breaker.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';
import type { FaultSwitch } from './fault/fault-switch.ts';
import type { Outage } from './outage.ts';
import type { ResolvedConnection } from './redis/connection.ts';
import { GuardedClient } from './redis/guarded-client.ts';
import { openClient } from './redis/open-client.ts';

/** The replies of reads are proven to be theirs at least this often. */
const STEP_OF_READS_MS = 10;

export interface EngineClientsOptions {
  readonly connection: ResolvedConnection;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly faults: FaultSwitch;
  readonly bus: EventBus;
  /** Told of by what the read connection does. */
  readonly outage: Outage;
  /** Its own end is no outage. */
  isClosing(): boolean;
  /** Rule 12: of the write connection. */
  onAnotherServer(): void;
}

export interface EngineClients {
  readonly read: GuardedClient;
  readonly write: GuardedClient;
  readonly lease: GuardedClient;
  readonly control: Redis;
  openSubscriber(): Redis;
}

/** One connection for each role, so that none can hold up another; those of commands are guarded by a breaker each. */
export function openEngineClients(options: EngineClientsOptions): EngineClients {
  const { connection, deadlineMs, clock, random, faults, bus, outage } = options;
  const open = (role: 'read' | 'write' | 'lease' | 'subscriber' | 'control') =>
    openClient(connection, role, {
      faults,
      // Far past the engine's own deadline, which alone can tell a busy process from a silent Redis.
      commandTimeoutMs: Math.max(1_000, 2 * deadlineMs),
      socketTimeoutMs: Math.max(500, 2 * deadlineMs),
      random,
      onError: (problem, error) => {
        if (role !== 'read') return;
        const refusal = refusalOf(error);
        if (refusal === null) outage.begin(problem);
        else outage.refuse(refusal);
      },
    });
  const guard = (
    role: 'read' | 'write' | 'lease',
    more: { onBreaker?: (state: BreakerState) => void; onAnotherServer?: () => void } = {},
  ) =>
    new GuardedClient(open(role), {
      clock,
      deadlineMs,
      ...more,
      // An acknowledgement must be that of its own command. A read that has the reply of a later one is no older for it, and the key in an entry shows whose it is.
      stepEveryMs: role === 'read' ? STEP_OF_READS_MS : 0,
      onOutOfStep: () => bus.emit({ type: 'connection.out-of-step', role }),
      onBreaker: (state, reason) => {
        bus.emit({ type: 'breaker.changed', role, state, reason });
        more.onBreaker?.(state);
      },
    });
  const read = guard('read', {
    onBreaker: (state) => {
      if (state === 'closed') outage.end();
      else outage.begin('no answer in time');
    },
  });
  read.onUsable(() => {
    if (!read.breaker.open) outage.end();
  });
  read.client.on('close', () => {
    if (!options.isClosing()) outage.begin('connection lost');
  });
  const control = open('control');
  const lease = guard('lease');
  const write = guard('write', { onAnotherServer: () => options.onAnotherServer() });
  return { read, write, lease, control, openSubscriber: () => open('subscriber') };
}
