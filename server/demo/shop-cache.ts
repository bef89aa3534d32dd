import { type Cache, createCache, type RedisConnection } from 'sideboard-engine';

/** One entity for each class of data that a backend knows. */
export type ShopEntity = 'country' | 'product' | 'customer' | 'stock' | 'dashboard' | 'payment';

export function createShopCache(redis: RedisConnection): Cache<ShopEntity> {
  return createCache<ShopEntity>({
    env: 'demo',
    service: 'shop',
    redis,
    // The failure lab of the console may break this fleet.
    allowFaults: true,
    policies: {
      country: { class: 'static' },
      product: { class: 'profile' },
      customer: { class: 'profile' },
      stock: { class: 'transactional' },
      dashboard: { class: 'analytics' },
      payment: { class: 'none' },
    },
  });
}
