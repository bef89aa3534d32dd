import type { Cache } from 'sideboard-engine';
import { SIZES, WAREHOUSES } from './catalogue.ts';
import { DASHBOARD_IDS, type Origin } from './origin.ts';
import { below, pick, type Random } from './random.ts';
import type { ShopEntity } from './shop-cache.ts';
import { createZipf } from './zipf.ts';

/** One request of a visitor. */
export interface Request {
  kind: 'read' | 'write';
  entity: ShopEntity;
  run(): Promise<unknown>;
}

/** Of all requests. */
const WRITE_SHARE = 0.025;
/** Shares of the reads, and of the writes. */
const READS: readonly [ShopEntity, number][] = [
  ['product', 0.56],
  ['customer', 0.2],
  ['stock', 0.12],
  ['country', 0.08],
  ['dashboard', 0.02],
  ['payment', 0.02],
];
const WRITES: readonly [ShopEntity, number][] = [
  ['stock', 0.45],
  ['product', 0.25],
  ['customer', 0.2],
  ['payment', 0.1],
];

/** The sequence of requests of one shop: the same for the same `random`. */
export function createWorkload(cache: Cache<ShopEntity>, origin: Origin, random: Random, products: number = SIZES.products): () => Request {
  const productId = createZipf(products, 1, random);
  const customerId = createZipf(SIZES.customers, 0.9, random);
  const countryId = createZipf(SIZES.countries, 1.1, random);

  function read(entity: ShopEntity): () => Promise<unknown> {
    switch (entity) {
      case 'country':
        return from(entity, countryId(), origin.country);
      case 'product':
        return from(entity, productId(), origin.product);
      case 'customer':
        return from(entity, customerId(), origin.customer);
      case 'stock':
        return from(entity, productId(), origin.stock);
      case 'dashboard':
        return from(entity, pick(random, DASHBOARD_IDS), origin.dashboard);
      case 'payment':
        return from(entity, customerId(), origin.paymentsOf);
    }
  }

  function from<Id extends string | number>(entity: ShopEntity, id: Id, load: (id: Id) => Promise<unknown>): () => Promise<unknown> {
    return () => cache.getOrSet(entity, String(id), () => load(id));
  }

  /** The origin first, then the cache: by an invalidation, or by a set that runs the origin's write itself. */
  function write(entity: ShopEntity): () => Promise<unknown> {
    switch (entity) {
      case 'stock': {
        const [id, warehouse] = [productId(), pick(random, WAREHOUSES)];
        return () => origin.takeFromStock(id, warehouse).then(() => cache.invalidate('stock', String(id)));
      }
      case 'product': {
        const id = productId();
        return () => origin.changePrice(id, random).then(() => cache.invalidate('product', String(id)));
      }
      case 'customer': {
        const [id, city] = [customerId(), pick(random, WAREHOUSES)];
        return () => cache.set('customer', String(id), () => origin.moveCustomer(id, city));
      }
      case 'payment': {
        const [customer, product, cents] = [customerId(), productId(), 500 + below(random, 50_000)];
        return () => origin.pay(customer, product, cents);
      }
      case 'country':
      case 'dashboard':
        throw new Error(`nobody writes ${entity}`);
    }
  }

  return () => {
    const isWrite = random() < WRITE_SHARE;
    const entity = draw(isWrite ? WRITES : READS, random());
    return { kind: isWrite ? 'write' : 'read', entity, run: isWrite ? write(entity) : read(entity) };
  };
}

function draw(shares: readonly [ShopEntity, number][], point: number): ShopEntity {
  let sum = 0;
  for (const [entity, share] of shares) {
    sum += share;
    if (point < sum) return entity;
  }
  return 'product';
}
