/** Payloads that look real, the same on every run: what compression saves hangs on what a text repeats. */

/** From 0 to 1, by the seed alone (mulberry32). @param {number} seed */
function chanceOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A language: so many words, made of syllables, of which the first are used most (Zipf), as in any text. */
const SYLLABLES = 'ba con da er fi ga hol in jo ka len mo na or pre qui ra sta ter un ver wi xe yo zu chen gra mil sol tre'.split(' ');
const WORDS_KNOWN = 12_000;
const language = chanceOf(1);
const WORDS = Array.from({ length: WORDS_KNOWN }, (_, rank) => {
  const syllables = 1 + Math.floor(language() * (rank < 100 ? 1.5 : 4));
  return Array.from({ length: syllables }, () => pick(language, SYLLABLES)).join('');
});

function pick(chance, list) {
  return list[Math.floor(chance() * list.length)];
}

function word(chance) {
  return WORDS[Math.floor(WORDS_KNOWN ** chance()) - 1];
}

function sentence(chance) {
  const words = Array.from({ length: 5 + Math.floor(chance() * 14) }, () => word(chance));
  const text = words.map((one, at) => (at > 1 && chance() < 0.08 ? `${one},` : one)).join(' ');
  return `${text[0].toUpperCase()}${text.slice(1)}${chance() < 0.1 ? '?' : '.'}`;
}

function sentences(chance, count) {
  return Array.from({ length: count }, () => sentence(chance)).join(' ');
}

function hex(chance, digits) {
  return Array.from({ length: digits }, () => Math.floor(chance() * 16).toString(16)).join('');
}

function price(chance) {
  return Math.round(100 * Math.exp(1 + 4 * chance())) / 100;
}

function date(chance) {
  return new Date(1.6e12 + Math.floor(chance() * 1.6e11)).toISOString();
}

/** A product of a shop, with as many variants and reviews as fit. */
function product(chance, bytes) {
  const variant = () => ({
    sku: `${hex(chance, 4)}-${hex(chance, 6)}`.toUpperCase(),
    color: word(chance),
    size: pick(chance, ['XS', 'S', 'M', 'L', 'XL']),
    price: { amount: price(chance), currency: 'EUR' },
    stock: { berlin: Math.floor(chance() * 40), paris: Math.floor(chance() * 40), rome: 0 },
    image: `https://images.example.com/products/${hex(chance, 16)}.webp`,
  });
  const review = () => ({ author: word(chance), rating: 1 + Math.floor(chance() * 5), at: date(chance), text: sentences(chance, 2) });
  const value = {
    id: Math.floor(chance() * 1e6),
    name: sentence(chance),
    brand: word(chance),
    tags: Array.from({ length: 4 }, () => word(chance)),
    description: sentences(chance, 2),
    updatedAt: date(chance),
    variants: [],
    reviews: [],
  };
  return filled(value, bytes, () => {
    value.variants.push(variant());
    if (chance() < 0.5) value.reviews.push(review());
  });
}

/** An article: nearly all of it is text. */
function article(chance, bytes) {
  const value = { slug: word(chance), title: sentence(chance), author: word(chance), publishedAt: date(chance), paragraphs: [] };
  return filled(value, bytes, () => value.paragraphs.push(sentences(chance, 2)));
}

/** Rows of a query, 200 of them at 32 KB: keys that repeat, numbers that do not. */
function rows(chance, bytes) {
  const value = { total: 0, rows: [] };
  return filled(value, bytes, () => {
    value.rows.push({
      id: Math.floor(chance() * 1e7),
      customerId: Math.floor(chance() * 1e5),
      status: pick(chance, ['paid', 'paid', 'paid', 'shipped', 'cancelled']),
      total: price(chance),
      items: 1 + Math.floor(chance() * 6),
      country: pick(chance, ['DE', 'DE', 'FR', 'IT', 'ES']),
      createdAt: date(chance),
      currency: 'EUR',
      reference: hex(chance, 10),
    });
    value.total = value.rows.length;
  });
}

/** What holds no pattern, as text: a token, an image, something encrypted. */
function noise(chance, bytes) {
  const length = Math.floor(((bytes - 20) * 3) / 4);
  return JSON.stringify({ data: Buffer.from(Array.from({ length }, () => Math.floor(chance() * 256))).toString('base64') });
}

/** Grown until it is as long as that, to within the last thing added. */
function filled(value, bytes, grow) {
  let length = JSON.stringify(value).length;
  while (length < bytes) {
    const step = Math.max(1, Math.floor((bytes - length) / 2_000));
    for (let i = 0; i < step; i += 1) grow();
    length = JSON.stringify(value).length;
  }
  return JSON.stringify(value);
}

export const KINDS = { product, article, rows, noise };

/** JSON of about so many bytes. @param {keyof typeof KINDS} kind @param {number} bytes @param {number} seed */
export function payload(kind, bytes, seed) {
  return Buffer.from(KINDS[kind](chanceOf(seed), bytes));
}
