import { type Frame, type KeySpaceRef, parseStandingId } from 'sideboard-engine';
import type { TopKeysView, TopKeyView } from '../contract/live.ts';
import { displayText } from '../control/display-text.ts';

/** What is hot is said of the last so many seconds that the fleet told of; what is big of the last window, and then all is forgotten. */
const HOT_SECONDS = 60;
const BIG_SECONDS = 900;
const SERVICES_MAX = 100;
/** Lists of one service that are kept: a minute of many instances. The oldest go first. */
const LISTS_MAX = 4_000;
const SHOWN_MAX = 10;
/** An id of a frame that is so long was cut, unless the frame says how the key holds it. */
const CUT_AT = 200;

type Listed = NonNullable<Frame['hot']>;
interface Entry {
  readonly t: number;
  readonly keys: Listed;
}
interface Service {
  readonly ref: KeySpaceRef;
  hot: Entry[];
  big: Entry[];
  knownToMs: number;
}

/** The lists of all instances of a service as one. */
export interface TopKeysWindow {
  addFrame(ref: KeySpaceRef, frame: Frame): void;
  /** `nowMs` is Redis time. Forgets what is older than its window. */
  views(nowMs: number): TopKeysView[];
}

export function createTopKeysWindow(): TopKeysWindow {
  const services = new Map<string, Service>();
  return {
    addFrame(ref, { at, hot = [], big = [] }) {
      const key = JSON.stringify([ref.env, ref.service]);
      const service = services.get(key) ?? { ref, hot: [], big: [], knownToMs: 0 };
      if (!services.has(key) && services.size >= SERVICES_MAX) return;
      services.set(key, service);
      service.knownToMs = Math.max(service.knownToMs, at);
      const t = Math.floor(at / 1_000);
      if (hot.length > 0) service.hot = [...service.hot, { t, keys: hot }].slice(-LISTS_MAX);
      if (big.length > 0) service.big = [...service.big, { t, keys: big }].slice(-LISTS_MAX);
    },
    views(nowMs) {
      const now = Math.floor(nowMs / 1_000);
      return [...services.values()].map((service) => {
        // A fleet that cannot tell has not become idle for that.
        const told = Math.min(now, Math.floor(service.knownToMs / 1_000));
        service.hot = service.hot.filter(({ t }) => t > Math.max(told - HOT_SECONDS, now - BIG_SECONDS));
        service.big = service.big.filter(({ t }) => t > now - BIG_SECONDS);
        const { env, service: name } = service.ref;
        return {
          env,
          service: name,
          knownToMs: service.knownToMs,
          hot: top(service.hot, (sum, reads) => sum + reads).map((one) => ({ ...one, amount: one.amount / HOT_SECONDS })),
          big: top(service.big, Math.max),
        };
      });
    },
  };
}

function top(entries: readonly Entry[], join: (known: number, more: number) => number): TopKeyView[] {
  const joined = new Map<string, TopKeyView>();
  for (const { keys } of entries) {
    for (const { entity, id, standing, count } of keys) {
      const key = JSON.stringify([entity, id, standing]);
      const known = joined.get(key);
      const amount = join(known?.amount ?? 0, count);
      joined.set(key, known === undefined ? { entity, ...named(id, standing), amount } : { ...known, amount });
    }
  }
  return [...joined.values()].sort((one, other) => other.amount - one.amount).slice(0, SHOWN_MAX);
}

/** How an id of a frame is shown, and what finds its entry. */
function named(id: string, standing: string | undefined): Pick<TopKeyView, 'display' | 'found'> {
  const whole = { id, idHashed: false, beginning: id };
  const found = standing !== undefined ? parseStandingId(standing) : id.length < CUT_AT ? whole : null;
  return { display: found?.id === id ? displayText(id) : `${displayText(id)}…`, found };
}
