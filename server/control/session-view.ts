import type { SessionView } from '../contract/session.ts';
import type { Actor } from './actor.ts';
import type { ControlDeps } from './deps.ts';

/** Who is signed in, and what this console allows. */
export function sessionView(deps: ControlDeps, actor: Actor): SessionView {
  const { name, email, role } = actor;
  return { name, email, role, readonly: deps.readonly, nonProductionEnvs: [...deps.nonProductionEnvs] };
}
