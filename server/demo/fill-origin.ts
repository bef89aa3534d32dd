import type { Pool, PoolClient } from 'pg';
import { countryRows, customerRow, productRow, SIZES, stockRows } from './catalogue.ts';

/** Raised when tables or rows change: an older origin is filled anew. */
const SHAPE = 1;
const ROWS_PER_INSERT = 500;
const WAIT_MS = 250;

/** One session serves all clients of an embedded Postgres, so nothing here relies on SET: every name is written with its schema. */
const TABLES = `
  drop schema if exists sideboard_demo cascade;
  create schema sideboard_demo;
  create table sideboard_demo.filled (seed bigint not null, shape int not null);
  create table sideboard_demo.country (id int primary key, code text not null, name text not null, vat_percent int not null);
  create table sideboard_demo.product (
    id int primary key, name text not null, category text not null, price_cents int not null check (price_cents > 0),
    description text not null, attributes jsonb not null, revision int not null default 1
  );
  create table sideboard_demo.stock (
    product_id int not null references sideboard_demo.product (id), warehouse text not null, pieces int not null check (pieces >= 0),
    primary key (product_id, warehouse)
  );
  create table sideboard_demo.customer (
    id int primary key, name text not null, email text not null, country_id int not null, city text not null, revision int not null default 1
  );
  create table sideboard_demo.payment (
    id bigint generated always as identity primary key, customer_id int not null, product_id int not null, cents int not null, at timestamptz not null
  );
  create index payment_by_customer on sideboard_demo.payment (customer_id, id desc);
`;

/** Fills the origin with the data of this seed, unless it holds just that. All or nothing, in one transaction. */
export async function fillOrigin(
  pool: Pool,
  seed: number,
  insertRows: (client: PoolClient, seed: number) => Promise<void> = insertAll,
): Promise<'filled' | 'was filled'> {
  if (await isFilled(pool, seed)) return 'was filled';
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(TABLES);
    await insertRows(client, seed);
    await client.query('insert into sideboard_demo.filled values ($1, $2)', [seed, SHAPE]);
    await client.query('commit');
    client.release();
    return 'filled';
  } catch (error) {
    // The end of the connection rolls back.
    client.release(true);
    throw error;
  }
}

/** Resolves once another shop has filled the origin; false when `signal` came first. */
export async function untilFilled(pool: Pool, seed: number, signal: AbortSignal, pause: (ms: number) => Promise<void>): Promise<boolean> {
  while (!signal.aborted) {
    if (await isFilled(pool, seed)) return true;
    await pause(WAIT_MS);
  }
  return false;
}

async function isFilled(pool: Pool, seed: number): Promise<boolean> {
  const known = await pool.query("select to_regclass('sideboard_demo.filled') is not null as exists");
  if (known.rows[0]?.exists !== true) return false;
  const found = await pool.query('select 1 from sideboard_demo.filled where seed = $1 and shape = $2', [seed, SHAPE]);
  return found.rowCount === 1;
}

async function insertAll(client: PoolClient, seed: number): Promise<void> {
  const ids = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  await insert(client, 'country', 'id int, code text, name text, vat_percent int', countryRows(seed));
  await insert(
    client,
    'product',
    'id int, name text, category text, price_cents int, description text, attributes jsonb',
    ids(SIZES.products).map((id) => productRow(seed, id)),
  );
  await insert(
    client,
    'stock',
    'product_id int, warehouse text, pieces int',
    ids(SIZES.products).flatMap((id) => stockRows(seed, id)),
  );
  await insert(
    client,
    'customer',
    'id int, name text, email text, country_id int, city text',
    ids(SIZES.customers).map((id) => customerRow(seed, id)),
  );
}

/** `columns`: as in a record definition, `id int, name text`. */
async function insert(client: PoolClient, table: string, columns: string, rows: readonly object[]): Promise<void> {
  const names = columns
    .split(', ')
    .map((column) => column.split(' ')[0])
    .join(', ');
  const statement = `insert into sideboard_demo.${table} (${names}) select ${names} from jsonb_to_recordset($1::jsonb) as r(${columns})`;
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
    await client.query(statement, [JSON.stringify(rows.slice(from, from + ROWS_PER_INSERT))]);
  }
}
