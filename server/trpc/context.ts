import type { Actor } from '../control/actor.ts';
import type { ControlDeps } from '../control/deps.ts';

/** What every procedure is given. `actor` is null without a session. */
export interface TrpcContext {
  actor: Actor | null;
  deps: ControlDeps;
  /** True while the session that opened this request still stands; long streams ask again and again. */
  stillSignedIn(): Promise<boolean>;
}
