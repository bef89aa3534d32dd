import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { controlDeps } from '../testing/control-deps.ts';
import type { Actor } from './actor.ts';
import { ControlError } from './control-error.ts';
import { defineAction } from './define-action.ts';

const operator: Actor = { id: '1', name: 'ada', email: 'ada@x.invalid', role: 'operator' };
const viewer: Actor = { ...operator, id: '2', name: 'vera', role: 'viewer' };

function counting(options: { withoutStore?: boolean; fail?: () => Error } = {}) {
  const runs: string[] = [];
  const action = defineAction({
    name: 'test.act',
    permission: 'keys.invalidate',
    input: z.strictObject({ id: z.string().check(z.maxLength(10)), key: z.string() }),
    audit: { target: ({ id }) => `thing ${id}`, withoutStore: options.withoutStore ?? true },
    idempotencyKey: ({ key }) => key,
    async run(_, { id }) {
      runs.push(id);
      if (options.fail !== undefined) throw options.fail();
      return { result: { id, run: runs.length }, before: 'was' };
    },
  });
  return { action, runs };
}

describe('every change', () => {
  it('is audited before and after', async () => {
    const { deps, audit } = controlDeps();
    const { action } = counting();
    await expect(action.execute(deps, operator, { id: 'a', key: 'k1' })).resolves.toEqual({ id: 'a', run: 1 });
    expect(audit.intents).toMatchObject([{ actor: operator, action: 'test.act', target: 'thing a' }]);
    expect(audit.results).toMatchObject([{ id: audit.intents[0]?.id, outcome: 'done', before: 'was', after: { id: 'a', run: 1 } }]);
  });

  it('needs the permission, and what was denied is audited', async () => {
    const { deps, audit } = controlDeps();
    const { action, runs } = counting();
    await expect(action.execute(deps, viewer, { id: 'a', key: 'k1' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(runs).toEqual([]);
    expect(audit.denied).toMatchObject([{ actor: viewer, target: 'thing a', reason: expect.stringContaining('viewer') }]);
  });

  it('is refused by a read-only console, whatever the role', async () => {
    const { deps, audit } = controlDeps({ readonly: true });
    const { action, runs } = counting();
    await expect(action.execute(deps, { ...operator, role: 'admin' }, { id: 'a', key: 'k1' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect([runs.length, audit.denied.length]).toEqual([0, 1]);
  });

  it('does not run when its audit can be written nowhere', async () => {
    const { deps } = controlDeps({ auditUp: false });
    const { action, runs } = counting({ withoutStore: false });
    await expect(action.execute(deps, operator, { id: 'a', key: 'k1' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(runs).toEqual([]);
  });

  it('names the field of an input that is wrong', async () => {
    const { deps, audit } = controlDeps();
    const { action } = counting();
    const refused = action.execute(deps, operator, { id: 'far too long for this', key: 'k1' });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'id' });
    expect(audit.intents).toEqual([]);
  });

  it('runs once for one idempotency key, also when asked twice at once', async () => {
    const { deps, audit } = controlDeps();
    const { action, runs } = counting();
    const ask = () => action.execute(deps, operator, { id: 'a', key: 'k1' });
    expect(await Promise.all([ask(), ask()])).toEqual([
      { id: 'a', run: 1 },
      { id: 'a', run: 1 },
    ]);
    expect(await ask()).toEqual({ id: 'a', run: 1 });
    expect([runs.length, audit.intents.length]).toEqual([1, 1]);
  });

  it('refuses a key that was used for another input', async () => {
    const { deps } = controlDeps();
    const { action } = counting();
    await action.execute(deps, operator, { id: 'a', key: 'k1' });
    await expect(action.execute(deps, operator, { id: 'b', key: 'k1' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      field: 'idempotencyKey',
    });
  });

  it('that failed is audited as failed and may be tried again with the same key', async () => {
    const { deps, audit } = controlDeps();
    let broken = true;
    const { action, runs } = counting({
      fail: () => (broken ? new ControlError('NOT_ACKNOWLEDGED', 'not confirmed') : new Error('other')),
    });
    const ask = () => action.execute(deps, operator, { id: 'a', key: 'k1' });
    await expect(ask()).rejects.toMatchObject({ code: 'NOT_ACKNOWLEDGED' });
    broken = false;
    await expect(ask()).rejects.toThrow('other');
    expect(runs.length).toBe(2);
    expect(audit.results.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['failed', 'not confirmed'],
      ['failed', 'unexpected error'],
    ]);
  });

  it('shows hostile names escaped in the audit', async () => {
    const { deps, audit } = controlDeps();
    await counting().action.execute(deps, operator, { id: '\u202e\u0000\n', key: 'k1' });
    expect(audit.intents[0]?.target).toBe('thing \\u{202E}\\u{0}\\u{A}');
  });
});
