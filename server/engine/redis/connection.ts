import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import * as z from 'zod';
import { ConfigurationError } from '../errors.ts';

/** What a connection is for. Each has its own client, so that none can hold up another. */
export type ClientRole = 'read' | 'write' | 'lease' | 'subscriber' | 'control' | 'operator' | 'frames';

/** Where Redis is: a url, or its parts. Cluster and Sentinel will be further members of this union. */
export type RedisConnection = string | { url: string } | RedisAddress;

export interface RedisAddress {
  host: string;
  port?: number | undefined;
  username?: string | undefined;
  password?: string | undefined;
  db?: number | undefined;
  tls?: boolean | undefined;
}

/** A connection after the edge: one address, all of it known. */
export interface ResolvedConnection {
  readonly kind: 'single';
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number;
  readonly tls: TlsOptions | null;
}

const address = z.strictObject({
  host: z.string().min(1, 'must not be empty').max(255),
  port: z.int().min(1).max(65_535).optional(),
  username: z.string().max(1_000).optional(),
  password: z.string().max(10_000).optional(),
  db: z.int().min(0).max(1_000_000).optional(),
  tls: z.boolean().optional(),
});
const byUrl = z.strictObject({ url: z.string() });
const connection = z.union([z.string(), byUrl, address]);

/** Throws `ConfigurationError` of one line; a url's password is never part of it. */
export function resolveConnection(input: RedisConnection, path: readonly string[] = ['redis']): ResolvedConnection {
  const parsed = connection.safeParse(input);
  if (!parsed.success) {
    // The union's own error names no field.
    const meant = typeof input !== 'object' || input === null ? connection : 'url' in input ? byUrl : address;
    const detailed = meant.safeParse(input);
    const issue = detailed.error?.issues[0];
    const at = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
    throw new ConfigurationError(
      issue?.code === 'invalid_union' ? 'must be a url or { host, port, … }' : (issue?.message ?? 'is not valid'),
      [...path, ...at],
    );
  }
  if (typeof parsed.data === 'string') return fromUrl(parsed.data, path);
  if ('url' in parsed.data) return fromUrl(parsed.data.url, [...path, 'url']);
  const { host, port = 6379, username, password, db = 0, tls = false } = parsed.data;
  return {
    kind: 'single',
    host,
    port,
    username: username || null,
    password: password || null,
    db,
    tls: tls ? tlsTo(host) : null,
  };
}

/** `127.0.0.1:6379`: safe to show. */
export function showAddress(resolved: ResolvedConnection): string {
  return `${resolved.host.includes(':') ? `[${resolved.host}]` : resolved.host}:${resolved.port}`;
}

function fromUrl(text: string, path: readonly string[]): ResolvedConnection {
  const wrong = (problem: string) => new ConfigurationError(problem, path);
  const example = 'expected redis://[user:password@]host[:port][/db], or rediss:// for TLS';
  if (!URL.canParse(text)) throw wrong(`is not a url; ${example}`);
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw wrong(`"${url.protocol}//" is not supported; ${example}`);
  if (url.hostname === '') throw wrong(`has no host; ${example}`);
  if (!/^(\/\d{0,6})?$/.test(url.pathname)) throw wrong(`its path must be a database number; ${example}`);
  if (url.search !== '' || url.hash !== '') throw wrong(`takes no query and no fragment; ${example}`);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    kind: 'single',
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    username: decode(url.username, wrong) || null,
    password: decode(url.password, wrong) || null,
    db: Number(url.pathname.slice(1) || '0'),
    tls: url.protocol === 'rediss:' ? tlsTo(host) : null,
  };
}

/** A certificate is checked against the host as it was written; that of an address is not sent as a name (RFC 6066). */
function tlsTo(host: string): TlsOptions {
  return isIP(host) === 0 ? { servername: host } : {};
}

function decode(text: string, wrong: (problem: string) => ConfigurationError): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // The error of decodeURIComponent would name the text, which is a secret here.
    throw wrong('its user or password is not percent-encoded; encode "%" as %25');
  }
}
