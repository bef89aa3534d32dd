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
    // For reference data alone: it is read often and hardly changes. What visitors change is read strictly.
    l1: { itemsMax: 1_000, bytesMax: 1 << 20 },
    policies: {
      country: { class: 'static', l1: true },
      product: { class: 'profile', l1: false },
      customer: { class: 'profile', l1: false },
      stock: { class: 'transactional', l1: false },
      dashboard: { class: 'analytics', l1: false },
      payment: { class: 'none' },
    },
  });
}
