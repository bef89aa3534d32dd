const DESCRIPTION = 'x'.repeat(700);

/**
 * The 1 KB object: about 1,050 bytes as JSON.
 * @param {number} i
 */
export function product(i) {
  return {
    id: i,
    name: `product ${i}`,
    price: 19.99,
    tags: ['a', 'b', 'c'],
    stock: { berlin: 4, paris: 12, rome: 0 },
    description: DESCRIPTION,
    attributes: [0, 1, 2, 3, 4, 5].map((j) => ({ key: `k${j}`, value: 1.5 * j, unit: 'cm' })),
  };
}

export const PRODUCTS = 2_000;
/** Each caller's way through the products: far apart, so that callers do not meet. */
export const STRIDE = 7_919;
/** What a tier within the process may hold, of every reader that has one. */
export const LOCAL_ITEMS_MAX = 10_000;
/** Every reader's TTL: longer than any bench. */
export const TTL_S = 3_600;
