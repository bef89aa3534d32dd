import { LRUCache } from 'lru-cache';
import { LOCAL_ITEMS_MAX } from '../product.mjs';

/** The limit: what a team writes by hand, with no time to live, no counters and nobody to tell it of a change. */
export function openLruCache({ load }) {
  const held = new LRUCache({ max: LOCAL_ITEMS_MAX });
  return {
    async read(id) {
      const value = held.get(id);
      return value === undefined ? fill(held, id, load) : value;
    },
    close() {},
  };
}

/** The same without a promise, which no cache that may have to ask somebody can do. */
export function openLruCacheSync({ load }) {
  const held = new LRUCache({ max: LOCAL_ITEMS_MAX });
  return {
    read: (id) => fill(held, id, load),
    readSync: (id) => held.get(id),
    close() {},
  };
}

async function fill(held, id, load) {
  const value = held.get(id) ?? (await load(id));
  held.set(id, value);
  return value;
}
