import * as z from 'zod';
import { SIZES } from './catalogue.ts';

/** What one shop of the demo fleet was told. */
export interface DemoEnv {
  databaseUrl: string;
  /** Same seed, same data and same sequence of requests. */
  seed: number;
  /** Of this shop alone. */
  readsPerSecond: number;
  /** From 0; shop 0 fills the origin. */
  index: number;
  /** Visitors ask for the first so many of the catalogue. */
  products: number;
  /** How long requests under way are waited for when it is told to end. */
  drainMsMax: number;
}

const READS_PER_SECOND_MAX = 5_000;
const count = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`)
    .default(fallback);

const schema = z.object({
  DEMO_DATABASE_URL: z.string('is not set: it must look like postgres://user:password@host:5432/name'),
  DEMO_SEED: count(0, 2 ** 31, 1),
  DEMO_READS_PER_SECOND: count(1, READS_PER_SECOND_MAX, 300),
  DEMO_SHOPS: count(1, 100, 3),
  DEMO_SHOP_INDEX: count(0, 99, 0),
  DEMO_PRODUCTS: count(1, SIZES.products, SIZES.products),
  DEMO_DRAIN_MS: count(0, 60_000, 1_000),
});

/** Throws an `Error` whose message is one line per problem. */
export function readDemoEnv(source: Record<string, string | undefined> = process.env): DemoEnv {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('\n'));
  const values = parsed.data;
  return {
    databaseUrl: values.DEMO_DATABASE_URL,
    seed: values.DEMO_SEED,
    readsPerSecond: values.DEMO_READS_PER_SECOND / values.DEMO_SHOPS,
    index: values.DEMO_SHOP_INDEX,
    products: values.DEMO_PRODUCTS,
    drainMsMax: values.DEMO_DRAIN_MS,
  };
}
