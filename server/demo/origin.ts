import type { Pool } from 'pg';
import * as z from 'zod';
import { below, type Random } from './random.ts';

const country = z.object({ id: z.number(), code: z.string(), name: z.string(), vat_percent: z.number() });
const product = z.object({
  id: z.number(),
  name: z.string(),
  category: z.string(),
  price_cents: z.number(),
  description: z.string(),
  attributes: z.array(z.object({ key: z.string(), value: z.string() })),
  revision: z.number(),
});
const customer = z.object({
  id: z.number(),
  name: z.string(),
  email: z.string(),
  country_id: z.number(),
  city: z.string(),
  revision: z.number(),
});
const stock = z.object({ product_id: z.number(), warehouses: z.record(z.string(), z.number()) });
const payment = z.object({ customer_id: z.number(), payments: z.number(), cents: z.number() });
const figures = z.object({ title: z.string(), rows: z.array(z.object({ label: z.string(), value: z.number() })) });

/** What an analyst looks at: each a walk over a whole table, which is why it is cached. */
const DASHBOARDS = {
  'products-by-category': 'select category as label, count(*)::int as value from sideboard_demo.product group by 1 order by 1',
  'price-by-category': 'select category as label, avg(price_cents)::int as value from sideboard_demo.product group by 1 order by 1',
  'stock-by-warehouse': 'select warehouse as label, sum(pieces)::int as value from sideboard_demo.stock group by 1 order by 1',
  'customers-by-city': 'select city as label, count(*)::int as value from sideboard_demo.customer group by 1 order by 1',
} as const;
type Dashboard = keyof typeof DASHBOARDS;
export const DASHBOARD_IDS: readonly [Dashboard, ...Dashboard[]] = [
  'products-by-category',
  'price-by-category',
  'stock-by-warehouse',
  'customers-by-city',
];

/** The authoritative store behind the shops. Each read throws when there is no such row. */
export interface Origin {
  country(id: number): Promise<z.infer<typeof country>>;
  product(id: number): Promise<z.infer<typeof product>>;
  customer(id: number): Promise<z.infer<typeof customer>>;
  stock(productId: number): Promise<z.infer<typeof stock>>;
  dashboard(id: Dashboard): Promise<z.infer<typeof figures>>;
  paymentsOf(customerId: number): Promise<z.infer<typeof payment>>;
  changePrice(productId: number, random: Random): Promise<void>;
  /** The customer as it is afterwards. */
  moveCustomer(id: number, city: string): Promise<z.infer<typeof customer>>;
  takeFromStock(productId: number, warehouse: string): Promise<void>;
  pay(customerId: number, productId: number, cents: number): Promise<void>;
}

export function createOrigin(pool: Pool): Origin {
  async function one<T>(schema: z.ZodType<T>, text: string, values: unknown[]): Promise<T> {
    const { rows } = await pool.query(text, values);
    if (rows[0] === undefined) throw new Error(`the origin has no row for ${JSON.stringify(values)}`);
    return schema.parse(rows[0]);
  }
  const run = async (text: string, values: unknown[]) => {
    await pool.query(text, values);
  };

  return {
    country: (id) => one(country, 'select id, code, name, vat_percent from sideboard_demo.country where id = $1', [id]),
    product: (id) =>
      one(product, 'select id, name, category, price_cents, description, attributes, revision from sideboard_demo.product where id = $1', [
        id,
      ]),
    customer: (id) => one(customer, 'select id, name, email, country_id, city, revision from sideboard_demo.customer where id = $1', [id]),
    stock: (productId) =>
      one(
        stock,
        'select product_id, jsonb_object_agg(warehouse, pieces) as warehouses from sideboard_demo.stock where product_id = $1 group by 1',
        [productId],
      ),
    async dashboard(id) {
      const { rows } = await pool.query(DASHBOARDS[id]);
      return figures.parse({ title: id, rows });
    },
    paymentsOf: (customerId) =>
      one(
        payment,
        'select $1::int as customer_id, count(*)::int as payments, coalesce(sum(cents), 0)::int as cents from sideboard_demo.payment where customer_id = $1',
        [customerId],
      ),
    changePrice: (productId, random) =>
      run('update sideboard_demo.product set price_cents = $2, revision = revision + 1 where id = $1', [
        productId,
        500 + below(random, 50_000),
      ]),
    moveCustomer: (id, city) =>
      one(
        customer,
        'update sideboard_demo.customer set city = $2, revision = revision + 1 where id = $1 returning id, name, email, country_id, city, revision',
        [id, city],
      ),
    takeFromStock: (productId, warehouse) =>
      run(
        'update sideboard_demo.stock set pieces = case when pieces = 0 then 100 else pieces - 1 end where product_id = $1 and warehouse = $2',
        [productId, warehouse],
      ),
    async pay(customerId, productId, cents) {
      await run('insert into sideboard_demo.payment (customer_id, product_id, cents, at) values ($1, $2, $3, now())', [
        customerId,
        productId,
        cents,
      ]);
      // The demo runs for weeks: each customer keeps the last payments only.
      await run(
        'delete from sideboard_demo.payment where customer_id = $1 and id < (select id from sideboard_demo.payment where customer_id = $1 order by id desc offset 20 limit 1)',
        [customerId],
      );
    },
  };
}
