import type { Frame } from 'sideboard-engine';
import { describe, expect, it } from 'vitest';
import { createTopKeysWindow } from './top-keys-window.ts';

const ref = { env: 'prod', service: 'shop' };
const T = 1_790_000_000;
const frame = (second: number, instance: string, lists: Pick<Frame, 'hot' | 'big'>): Frame => ({
  v: 1,
  instance,
  at: (T + second) * 1_000,
  durationMs: 1_000,
  entities: {},
  ...lists,
});

describe('hot and big keys of a service', () => {
  it('reads of all instances are added up over a minute, sizes are the largest seen', () => {
    const window = createTopKeysWindow();
    for (const instance of ['a', 'b']) {
      window.addFrame(ref, frame(1, instance, { hot: [{ entity: 'product', id: '1', count: 30 }] }));
      window.addFrame(ref, frame(2, instance, { hot: [{ entity: 'product', id: '2', count: 90 }] }));
      window.addFrame(ref, frame(2, instance, { big: [{ entity: 'product', id: '3', count: instance === 'a' ? 10 : 20 }] }));
    }
    const [view] = window.views((T + 3) * 1_000);
    expect(view?.hot).toMatchObject([
      { found: { id: '2' }, amount: 3 },
      { found: { id: '1' }, amount: 1 },
    ]);
    expect(view?.big).toMatchObject([{ found: { id: '3' }, amount: 20 }]);
    expect(view?.knownToMs).toBe((T + 2) * 1_000);
  });

  it('what is old is forgotten, lists are bounded, and ids that deceive the eye are shown as what they are', () => {
    const window = createTopKeysWindow();
    for (let n = 0; n < 100; n += 1)
      window.addFrame(ref, frame(1, `${n}`, { hot: [{ entity: 'product', id: `\u202e${n}`, count: n + 1 }] }));
    expect(window.views((T + 1) * 1_000)[0]?.hot).toHaveLength(10);
    expect(window.views((T + 1) * 1_000)[0]?.hot[0]?.display).not.toContain('\u202e');
    expect(window.views((T + 901) * 1_000)[0]?.hot).toEqual([]);
    expect(createTopKeysWindow().views(T * 1_000)).toEqual([]);
  });

  it('a fleet that falls silent has read as much as when it was heard of', () => {
    const window = createTopKeysWindow();
    window.addFrame(ref, frame(1, 'a', { hot: [{ entity: 'product', id: '1', count: 30 }] }));
    window.addFrame(ref, frame(59, 'a', { hot: [{ entity: 'product', id: '1', count: 30 }] }));
    const lists = [60, 300].map((second) => window.views((T + second) * 1_000)[0]);
    expect(lists.map((view) => [view?.hot[0]?.amount, view?.knownToMs])).toEqual([
      [1, (T + 59) * 1_000],
      [1, (T + 59) * 1_000],
    ]);
    window.addFrame(ref, frame(301, 'a', {}));
    expect(window.views((T + 302) * 1_000)[0]?.hot).toEqual([]);
  });

  it('a cut id is found by how its key holds it, and by nothing where its engine does not say that', () => {
    const window = createTopKeysWindow();
    const id = 'x'.repeat(200);
    const digest = `xxx%~${'a'.repeat(43)}`;
    const whole = `${'x'.repeat(300)}%3A`;
    const listed = [{ id: 'x'.repeat(199) }, { id, standing: id }, { id, standing: whole }, { id, standing: digest }, { id }];
    const hot = listed.map((one, at) => ({ entity: 'product', ...one, count: 50 - at }));
    for (const instance of ['a', 'b']) window.addFrame(ref, frame(1, instance, { hot }));
    const shown = window.views((T + 1) * 1_000)[0]?.hot ?? [];
    expect(shown.map(({ found }) => found)).toEqual([
      { id: 'x'.repeat(199), idHashed: false, beginning: 'x'.repeat(199) },
      { id, idHashed: false, beginning: id },
      { id: `${'x'.repeat(300)}:`, idHashed: false, beginning: `${'x'.repeat(300)}:` },
      { id: digest, idHashed: true, beginning: 'xxx' },
      null,
    ]);
    expect(shown.map(({ display }) => display.length)).toEqual([199, 200, 201, 201, 201]);
    expect(shown.map(({ amount }) => amount * 60)).toEqual([100, 98, 96, 94, 92]);
  });
});
