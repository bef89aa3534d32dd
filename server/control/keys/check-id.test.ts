import { expect, it } from 'vitest';
import { checkId } from './check-id.ts';

const digest = `%~${'a'.repeat(43)}`;

it('an entry is named by its id, or by the head and digest that its key holds of a long one', () => {
  for (const id of ['42', `order-xxx${digest}`]) expect(() => checkId({ id })).not.toThrow();
  for (const id of [`order-xxx${digest}`, `a%3Ab${digest}`]) expect(() => checkId({ id, idHashed: true })).not.toThrow();
});

it.each(['42', `a:b${digest}`, `*${digest}`, digest.slice(0, -1), `%zz${digest}`, `%41${digest}`])(
  'what is no head and digest of a long id is refused at its field: %s',
  (id) => {
    expect(() => checkId({ id, idHashed: true })).toThrow(expect.objectContaining({ code: 'BAD_INPUT', field: 'id' }));
  },
);
