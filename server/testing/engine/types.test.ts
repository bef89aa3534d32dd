import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import type { Cache, ManyResult, Peek } from '../../engine/cache.ts';
import { createCache } from '../../engine/create-cache.ts';
import { type EntityType, typed } from '../../engine/entity-types.ts';

interface Product {
  id: string;
  price: number;
}
type ProductId = `p${number}`;
/** As a database gives it. */
interface PriceRow {
  id: string;
  price: string;
  notes: string;
}
const toProduct = ({ id, price }: PriceRow): Product => ({ id, price: Number(price) });

/** Never called: the compiler is what is tested, and a line that should not compile must not. */
function uses() {
  const cache = createCache({
    env: 'test',
    service: 'shop',
    redis: 'redis://127.0.0.1:1',
    policies: {
      product: { class: 'profile', type: typed<Product, ProductId>() },
      country: { ttl: '24h', schema: z.object({ code: z.string() }) },
      slim: { ttl: '1h', project: (row: { a: number; b: string }) => ({ a: row.a }) },
      priced: { ttl: '1h', project: (row: PriceRow) => ({ id: row.id, price: Number(row.price) }) },
      slimmed: {
        ttl: '1h',
        type: typed<Product | null, ProductId>(),
        project: toProduct,
        schema: z.object({ id: z.string(), price: z.number() }),
      },
      sparse: { ttl: '1h', project: (row: PriceRow | null) => row?.price ?? '' },
      free: { ttl: '1h' },
    },
  });
  const row: PriceRow = { id: 'p1', price: '1.50', notes: '' };
  const product: Product = { id: 'p1', price: 1 };

  expectTypeOf(cache.getOrSet('product', 'p1', () => Promise.resolve(product))).resolves.toEqualTypeOf<Product>();
  expectTypeOf(cache.get('product', 'p1')).resolves.toEqualTypeOf<Product | undefined>();
  expectTypeOf(cache.peek('product', 'p1')).resolves.toEqualTypeOf<Peek<Product>>();
  expectTypeOf(cache.getMany('product', ['p1', 'p2'], async (ids) => new Map(ids.map((id) => [id, product])))).resolves.toEqualTypeOf<
    Map<ProductId, ManyResult<Product>>
  >();
  expectTypeOf(cache.get('country', 'de')).resolves.toEqualTypeOf<{ code: string } | undefined>();
  expectTypeOf(cache.get('slim', '1')).resolves.toEqualTypeOf<{ a: number } | undefined>();
  expectTypeOf(cache.getOrSet('free', '1', () => Promise.resolve(1))).resolves.toEqualTypeOf<number>();
  expectTypeOf(cache.get('free', '1')).resolves.toEqualTypeOf<unknown>();
  expectTypeOf(cache.get<number>('free', '1')).resolves.toEqualTypeOf<number | undefined>();
  expectTypeOf(
    cache.getOrSet('product', 'p1', ({ previous, notModified }) => {
      expectTypeOf(previous).toEqualTypeOf<{ readonly value: Product; readonly createdMs: number } | null>();
      return Promise.resolve(notModified());
    }),
  ).resolves.toEqualTypeOf<Product>();
  expectTypeOf(cache.getOrSet('priced', '1', () => Promise.resolve(row))).resolves.toEqualTypeOf<Product>();
  expectTypeOf(cache.getOrSet('priced', '1', () => Promise.resolve(row), { skipCache: true })).resolves.toEqualTypeOf<Product>();
  expectTypeOf(cache.get('priced', '1')).resolves.toEqualTypeOf<Product | undefined>();
  expectTypeOf(cache.peek('priced', '1')).resolves.toEqualTypeOf<Peek<Product>>();
  expectTypeOf(cache.getMany('priced', ['1'], async (ids) => new Map(ids.map((id) => [id, row])))).resolves.toEqualTypeOf<
    Map<string, ManyResult<Product>>
  >();
  expectTypeOf(
    cache.getOrSet('priced', '1', ({ previous }) => {
      expectTypeOf(previous).toEqualTypeOf<{ readonly value: Product; readonly createdMs: number } | null>();
      return Promise.resolve(row);
    }),
  ).resolves.toEqualTypeOf<Product>();
  expectTypeOf(
    cache.getOrSet('slimmed', 'p1', () => Promise.resolve(Math.random() < 0.5 ? row : null)),
  ).resolves.toEqualTypeOf<Product | null>();
  expectTypeOf(cache.getOrSet('sparse', '1', () => Promise.resolve(null))).resolves.toEqualTypeOf<string | null>();
  const projected = [cache.set('priced', '1', row), cache.set('priced', '1', () => Promise.resolve(row)), cache.set('slimmed', 'p1', null)];
  const fine = [cache.set('product', 'p1', product), cache.set('product', 'p1', () => Promise.resolve(product)), cache.set('free', '1', 2)];

  // @ts-expect-error no such entity
  const entity = cache.get('prodcut', 'p1');
  // @ts-expect-error not an id of it
  const id = cache.get('product', '1');
  // @ts-expect-error not its value
  const value = cache.getOrSet('product', 'p1', () => Promise.resolve({ id: 'p1' }));
  // @ts-expect-error not its value
  const set = cache.set('product', 'p1', { id: 'p1', price: '1' });
  // @ts-expect-error not its value
  const written = cache.set('product', 'p1', () => Promise.resolve({ id: 'p1' }));
  // @ts-expect-error not an entity
  const invalidated = cache.invalidate('nothing', '1');
  // @ts-expect-error not an id of it
  const explained = cache.explain('product', 'x');
  // @ts-expect-error not an entity
  const bumped = cache.bumpVersion('nothing');
  // @ts-expect-error not of its schema
  const country = cache.getOrSet('country', 'de', () => Promise.resolve({ code: 1 }));
  // @ts-expect-error what is loaded, not what is answered
  const answered = cache.getOrSet('priced', '1', () => Promise.resolve(product));
  // @ts-expect-error what is loaded, not what is answered
  const put = cache.set('priced', '1', product);
  // @ts-expect-error "not found" is not in its type
  const lacking = cache.getOrSet('priced', '1', () => Promise.resolve(null));
  // @ts-expect-error another shape than `type` says
  createCache({
    env: 't',
    service: 's',
    redis: 'redis://x',
    policies: { a: { ttl: 1, type: typed<Product>(), project: (r: PriceRow) => r } },
  });
  // @ts-expect-error kept at once: no promise
  createCache({ env: 't', service: 's', redis: 'redis://x', policies: { a: { ttl: 1, project: async (r: PriceRow) => r.price } } });
  // @ts-expect-error its parameter has no type
  createCache({ env: 't', service: 's', redis: 'redis://x', policies: { a: { ttl: 1, project: (r) => r } } });
  // @ts-expect-error lets pass what `type` does not say
  createCache({ env: 't', service: 's', redis: 'redis://x', policies: { a: { ttl: 1, type: typed<Product>(), schema: z.string() } } });
  // @ts-expect-error lets pass what `project` does not return
  createCache({ env: 't', service: 's', redis: 'redis://x', policies: { a: { ttl: 1, project: toProduct, schema: z.string() } } });
  const vague = createCache({
    env: 't',
    service: 's',
    redis: 'redis://x',
    policies: { a: { ttl: 1, project: toProduct, schema: z.unknown() } },
  });
  expectTypeOf(vague.get('a', '1')).resolves.toEqualTypeOf<Product | undefined>();
  // @ts-expect-error no such option
  createCache({ env: 't', service: 's', redis: 'redis://x', policies: { a: { ttl: '1h', tll: 1 } } });
  // @ts-expect-error no such class
  createCache({ env: 't', service: 's', redis: 'redis://x', policies: { a: { class: 'profil' } } });

  const named = createCache<'a' | 'b'>({ env: 't', service: 's', redis: 'redis://x', policies: { a: { ttl: 1 }, b: { ttl: 1 } } });
  expectTypeOf(named).toEqualTypeOf<Cache<'a' | 'b', Record<'a' | 'b', EntityType>>>();
  return [fine, entity, id, value, set, written, invalidated, explained, bumped, country, projected, answered, put, lacking];
}

describe('types', () => {
  it('are those that the policies declare: another entity, id or value does not compile', () => {
    expect(uses).toBeTypeOf('function');
  });
});
