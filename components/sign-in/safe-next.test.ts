import { describe, expect, it } from 'vitest';
import { safeNext } from './safe-next.ts';

describe('after signing in', () => {
  it('a page of the console is opened', () => expect(safeNext('/keys?env=demo')).toBe('/keys?env=demo'));
  it.each([undefined, '', 'keys', '//elsewhere', '/\\elsewhere', 'http:elsewhere', 'javascript:alert(1)'])('%s opens Overview', (next) =>
    expect(safeNext(next)).toBeUndefined(),
  );
});
