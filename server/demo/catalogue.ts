import { below, createRandom, pick } from './random.ts';

/** How much of each the origin holds. */
export const SIZES = { countries: 200, products: 20_000, customers: 5_000 } as const;
export const WAREHOUSES = ['Berlin', 'Paris', 'Rome', 'Oslo'] as const;

const DESCRIPTION_CHARS = 620;
const ADJECTIVES = ['Quiet', 'Folding', 'Copper', 'Everyday', 'Nordic', 'Compact', 'Amber', 'Woven', 'Solid', 'Travel'] as const;
const NOUNS = ['lamp', 'kettle', 'chair', 'backpack', 'notebook', 'blanket', 'clock', 'mug', 'desk', 'bicycle bell'] as const;
const MATERIALS = ['oak', 'steel', 'linen', 'cork', 'glass', 'wool', 'ceramic', 'recycled plastic'] as const;
const CATEGORIES = ['kitchen', 'office', 'bedroom', 'outdoor', 'travel'] as const;
const FIRST_NAMES = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Tony', 'Frances', 'Leslie'] as const;
const LAST_NAMES = ['Meyer', 'Rossi', 'Dubois', 'Hansen', 'Novak', 'Silva', 'Kovacs', 'Jansen', 'Nowak', 'Lindgren'] as const;
const PHRASES = [
  'made to last and easy to mend',
  'tested by people who use it every day',
  'with a soft finish that ages well',
  'packed without plastic',
  'delivered from the nearest warehouse',
  'and comes with a ten year promise',
] as const;

export interface ProductRow {
  id: number;
  name: string;
  category: string;
  price_cents: number;
  description: string;
  attributes: { key: string; value: string }[];
}

/** Product `id` of this seed, about 1 KB as JSON. */
export function productRow(seed: number, id: number): ProductRow {
  const random = createRandom(seed, 'product', id);
  const material = pick(random, MATERIALS);
  const name = `${pick(random, ADJECTIVES)} ${pick(random, NOUNS)}`;
  let description = `${name} of ${material}`;
  while (description.length < DESCRIPTION_CHARS) description += `, ${pick(random, PHRASES)}`;
  return {
    id,
    name,
    category: pick(random, CATEGORIES),
    price_cents: 500 + below(random, 50_000),
    description: `${description.slice(0, DESCRIPTION_CHARS)}.`,
    attributes: [
      { key: 'material', value: material },
      { key: 'weight', value: `${100 + below(random, 9_000)} g` },
      { key: 'height', value: `${5 + below(random, 200)} cm` },
      { key: 'colour', value: pick(random, ['sand', 'slate', 'moss', 'rust']) },
    ],
  };
}

export interface CustomerRow {
  id: number;
  name: string;
  email: string;
  country_id: number;
  city: string;
}

export function customerRow(seed: number, id: number): CustomerRow {
  const random = createRandom(seed, 'customer', id);
  const first = pick(random, FIRST_NAMES);
  const last = pick(random, LAST_NAMES);
  return {
    id,
    name: `${first} ${last}`,
    email: `${first}.${last}.${id}@example.com`.toLowerCase(),
    country_id: 1 + below(random, SIZES.countries),
    city: pick(random, WAREHOUSES),
  };
}

export interface CountryRow {
  id: number;
  code: string;
  name: string;
  vat_percent: number;
}

/** The first countries of the alphabet of region codes. */
export function countryRows(seed: number): CountryRow[] {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  const known = codes.flatMap((code) => {
    const name = names.of(code);
    return name === undefined ? [] : [{ code, name }];
  });
  return known.slice(0, SIZES.countries).map(({ code, name }, i) => {
    return { id: i + 1, code, name, vat_percent: 5 + below(createRandom(seed, 'country', code), 21) };
  });
}

export interface StockRow {
  product_id: number;
  warehouse: string;
  pieces: number;
}

/** What each warehouse holds of a product. */
export function stockRows(seed: number, productId: number): StockRow[] {
  const random = createRandom(seed, 'stock', productId);
  return WAREHOUSES.map((warehouse) => ({ product_id: productId, warehouse, pieces: below(random, 500) }));
}
