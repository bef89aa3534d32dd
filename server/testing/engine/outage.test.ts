import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../engine/events.ts';
import { Outage } from '../../engine/outage.ts';
import { manualClock } from './manual-clock.ts';

function setUp() {
  const bus = createEventBus();
  const told: string[] = [];
  bus.onEvent((event) => {
    if ('reason' in event) told.push(`${event.type}: ${event.reason}`);
    else told.push(event.type);
  });
  return { outage: new Outage(bus, manualClock()), told };
}

describe('an outage', () => {
  it('is told once when it begins and once when it ends, and a reason that lasts once for each, in whatever turn they come', () => {
    const { outage, told } = setUp();
    outage.end();
    outage.begin('connection lost');
    for (let round = 0; round < 2; round += 1) for (const reason of ['password', 'certificate']) outage.refuse(reason);
    outage.begin('connection lost');
    outage.end();
    outage.end();
    expect(told).toEqual([
      'redis.unavailable: connection lost',
      'redis.refused: password',
      'redis.refused: certificate',
      'redis.available',
    ]);
  });

  it('that begins with such a reason tells it with its beginning, and the next one tells it again', () => {
    const { outage, told } = setUp();
    outage.refuse('password');
    outage.refuse('password');
    outage.end();
    outage.begin('connection lost');
    outage.refuse('password');
    expect(told).toEqual([
      'redis.unavailable: password',
      'redis.available',
      'redis.unavailable: connection lost',
      'redis.refused: password',
    ]);
  });
});
