import { openAsyncCacheDedupeMemory } from './async-cache-dedupe.mjs';
import { openBentocacheMemory } from './bentocache.mjs';
import { openCacheManagerMemory } from './cache-manager.mjs';
import { openCacheableMemory } from './cacheable.mjs';
import { openCachifiedMemory } from './cachified.mjs';
import { openLayeredLoaderMemory } from './layered-loader.mjs';
import { openLruCache, openLruCacheSync } from './lru-cache.mjs';
import { openSideboardLocal, openSideboardLocalGet } from './sideboard.mjs';

/** Those that hold values within their process, as openers by name. */
export const LOCAL = {
  'lru-cache-sync': { label: 'limit: lru-cache, not awaited', open: openLruCacheSync },
  'lru-cache': { label: 'limit: an async function over lru-cache', open: openLruCache },
  'layered-loader-memory': { label: 'layered-loader', open: openLayeredLoaderMemory },
  'async-cache-dedupe-memory': { label: 'async-cache-dedupe', open: openAsyncCacheDedupeMemory },
  'cachified-memory': { label: 'cachified', open: openCachifiedMemory },
  'cacheable-memory': { label: 'cacheable', open: openCacheableMemory },
  'cache-manager-memory': { label: 'cache-manager', open: openCacheManagerMemory },
  'bentocache-memory': { label: 'bentocache', open: openBentocacheMemory },
  'sideboard-l1': { label: '**sideboard**, `getOrSet`', open: openSideboardLocal },
  'sideboard-l1-get': { label: '**sideboard**, `get`', open: openSideboardLocalGet },
};
