import type { LiveMessage } from '../../server/contract/live.ts';
import type { StreamStatus } from './live-store.ts';

/** What the tabs of one browser say to each other. */
export type TabMessage =
  /** A new tab, or one that was hidden, wants all that the leader has. */
  | { kind: 'want' }
  /** The leader's stream, passed on. `to` all. */
  | { kind: 'live'; message: LiveMessage }
  | { kind: 'status'; status: StreamStatus }
  /** Each tab says whether it can be seen; again every few seconds while it can. */
  | { kind: 'seen'; tab: string; visible: boolean }
  | { kind: 'roll-call' };
