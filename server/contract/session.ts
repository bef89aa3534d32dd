import type { Role } from './roles.ts';

/** Who is signed in, and what the console as a whole allows. */
export interface SessionView {
  name: string;
  email: string;
  role: Role;
  /** True: every change is refused, whatever the role. */
  readonly: boolean;
  /** Envs that may be acted on without the care that production asks for. */
  nonProductionEnvs: string[];
}
