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
      { id: '2', amount: 3 },
      { id: '1', amount: 1 },
    ]);
    expect(view?.big).toMatchObject([{ id: '3', amount: 20 }]);
  });

  it('what is old is forgotten, lists are bounded, and ids that deceive the eye are shown as what they are', () => {
    const window = createTopKeysWindow();
    for (let n = 0; n < 100; n += 1)
      window.addFrame(ref, frame(1, `${n}`, { hot: [{ entity: 'product', id: `\u202e${n}`, count: n + 1 }] }));
    expect(window.views((T + 1) * 1_000)[0]?.hot).toHaveLength(10);
    expect(window.views((T + 1) * 1_000)[0]?.hot[0]?.display).not.toContain('\u202e');
    expect(window.views((T + 100) * 1_000)[0]?.hot).toEqual([]);
    expect(createTopKeysWindow().views(T * 1_000)).toEqual([]);
  });
});
