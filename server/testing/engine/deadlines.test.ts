import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../engine/redis/deadlines.ts';
import { manualClock } from './manual-clock.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the deadline of calls', () => {
  it('is each call its own, though one timer serves all, and passes once', async () => {
    const clock = manualClock(0);
    const deadlines = new Deadlines(clock, 100);
    const missed: string[] = [];
    const watch = (name: string) => deadlines.watch(clock.monotonicMs(), () => missed.push(name));
    watch('at 0');
    clock.advance(60);
    const settled = watch('settled');
    watch('at 60');
    expect(settled.settle()).toBe(true);
    expect(settled.settle()).toBe(false);
    clock.advance(39);
    await turn();
    expect(missed).toEqual([]);
    clock.advance(1);
    await turn();
    expect(missed).toEqual(['at 0']);
    clock.advance(60);
    await turn();
    expect(missed).toEqual(['at 0', 'at 60']);
    clock.advance(1_000);
    await turn();
    expect(missed).toEqual(['at 0', 'at 60']);
  });

  it('lets an answer that is there already come first', async () => {
    const clock = manualClock(0);
    const deadlines = new Deadlines(clock, 100);
    let missed = false;
    const watched = deadlines.watch(0, () => {
      missed = true;
    });
    clock.advance(100);
    expect(watched.settle()).toBe(true);
    await turn();
    expect(missed).toBe(false);
  });

  it('watches on after a rest', async () => {
    const clock = manualClock(0);
    const deadlines = new Deadlines(clock, 100);
    let missed = 0;
    deadlines.watch(0, () => missed++).settle();
    clock.advance(5_000);
    deadlines.watch(clock.monotonicMs(), () => missed++);
    clock.advance(100);
    await turn();
    expect(missed).toBe(1);
  });
});
