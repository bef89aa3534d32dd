import { describe, expect, it } from 'vitest';
import { refusalOfPost } from './csrf.ts';

const origin = 'https://cache.example.com';
const good = { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json; charset=utf-8' };
const status = (headers: Record<string, string>, origins = [origin]) => refusalOfPost(new Headers(headers), origins)?.status ?? null;

describe('a change from a browser', () => {
  it('passes from the console itself', () => expect(status(good)).toBeNull());
  it.each([
    ['without an origin', { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }, 403],
    ['from the origin null', { ...good, origin: 'null' }, 403],
    ['from another origin', { ...good, origin: 'https://evil.example' }, 403],
    ['from another port', { ...good, origin: `${origin}:8443` }, 403],
    ['from a sister site', { ...good, 'sec-fetch-site': 'same-site' }, 403],
    ['from elsewhere', { ...good, 'sec-fetch-site': 'cross-site' }, 403],
    ['without fetch metadata, where browsers always send it', { origin, 'content-type': 'application/json' }, 403],
    ['as a form', { ...good, 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['as multipart', { ...good, 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['as text', { ...good, 'content-type': 'text/plain' }, 415],
  ])('is refused %s', (_, headers, expected) => expect(status(headers)).toBe(expected));

  it('passes without fetch metadata where browsers send none: plain http beyond loopback', () => {
    expect(status({ origin: 'http://10.0.0.5:3000', 'content-type': 'application/json' }, ['http://10.0.0.5:3000'])).toBeNull();
  });
});
