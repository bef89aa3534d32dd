import path from 'node:path';
import { ConfigurationError, type RedisConnection, redisFromEnv } from 'sideboard-engine';
import * as z from 'zod';

/** What the console was told by its environment. This file is the only one that reads it. */
export interface Env {
  port: number;
  /** Origins from which a browser may send changes; the first one is the console's own address. */
  origins: [string, ...string[]];
  /** Where it is not legal the console starts all the same, and says so on every page. */
  redis: RedisConnection | { problem: string };
  databaseUrl: string | null;
  /** Folder of everything that the console writes itself. */
  dir: string;
  migrationsFolder: string;
  secret: string;
  readonly: boolean;
  nonProductionEnvs: string[];
  logLevel: string;
}

/** Each line says one thing that is wrong and what to do. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  readonly problems: string[];
  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const SECRET_CHARS_MIN = 32;

const flag = z.enum(['0', '1', 'true', 'false', ''], 'must be 1 or 0').transform((value) => value === '1' || value === 'true');
const blankIsAbsent = (value: unknown) => (value === '' ? undefined : value);

const schema = z.object({
  PORT: z.preprocess(
    blankIsAbsent,
    z
      .string()
      .regex(/^\d+$/, 'must be a number from 1 to 65535')
      .transform(Number)
      .refine((port) => port >= 1 && port <= 65_535, 'must be a number from 1 to 65535')
      .default(3_000),
  ),
  SIDEBOARD_URL: z.preprocess(
    blankIsAbsent,
    z
      .string()
      .refine((value) => originOf(value) !== null, 'must be the exact address that browsers use, for example https://cache.example.com')
      .optional(),
  ),
  DATABASE_URL: z.preprocess(
    blankIsAbsent,
    z
      .string()
      .refine((value) => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value), 'must look like postgres://user:password@host:5432/name')
      .optional(),
  ),
  SIDEBOARD_SECRET: z
    .string('is not set: give it 32 random characters or more, for example the output of `openssl rand -base64 32`')
    .min(SECRET_CHARS_MIN, `is too short: give it ${SECRET_CHARS_MIN} random characters or more`)
    .refine(
      (value) => new Set(value).size >= 10,
      'is too simple: give it random characters, for example the output of `openssl rand -base64 32`',
    ),
  SIDEBOARD_DIR: z.preprocess(blankIsAbsent, z.string().optional()),
  SIDEBOARD_READONLY: flag.default(false),
  SIDEBOARD_NON_PRODUCTION_ENVS: z.string().default('demo'),
  SIDEBOARD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent').default('info'),
});

/** Throws `EnvError` with one line per problem. A Redis address that is wrong is no reason not to start: it is reported in `redis`. */
export function readEnv(source: Record<string, string | undefined> = process.env, root: string = process.cwd()): Env {
  const parsed = schema.safeParse(source);
  if (!parsed.success) {
    // One line for a variable: what is too short need not be called too simple as well.
    const first = new Map([...parsed.error.issues].reverse().map((issue) => [issue.path.join('.'), issue.message]));
    throw new EnvError([...first].reverse().map(([name, message]) => `${name} ${message}`));
  }
  const values = parsed.data;
  const own = values.SIDEBOARD_URL === undefined ? null : originOf(values.SIDEBOARD_URL);
  return {
    port: values.PORT,
    origins: own === null ? [`http://127.0.0.1:${values.PORT}`, `http://localhost:${values.PORT}`] : [own],
    redis: redisAddress(source),
    databaseUrl: values.DATABASE_URL ?? null,
    dir: path.resolve(root, values.SIDEBOARD_DIR ?? '.sideboard'),
    migrationsFolder: path.join(root, 'server/db/migrations'),
    secret: values.SIDEBOARD_SECRET,
    readonly: values.SIDEBOARD_READONLY,
    nonProductionEnvs: values.SIDEBOARD_NON_PRODUCTION_ENVS.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
    logLevel: values.SIDEBOARD_LOG_LEVEL,
  };
}

function redisAddress(source: Record<string, string | undefined>): Env['redis'] {
  try {
    return redisFromEnv(source);
  } catch (error) {
    if (error instanceof ConfigurationError) return { problem: error.message };
    throw error;
  }
}

function originOf(value: string): string | null {
  if (!URL.canParse(value)) return null;
  const url = new URL(value);
  return (url.protocol === 'http:' || url.protocol === 'https:') && (value === url.origin || value === `${url.origin}/`)
    ? url.origin
    : null;
}

/** True while `next build` runs: nothing may start then. */
export function isBuilding(): boolean {
  return process.env['NEXT_PHASE'] === 'phase-production-build';
}
