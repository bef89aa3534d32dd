import type { Role } from '../contract/roles.ts';

/** Who acts: taken from the session, never from the request's input. */
export interface Actor {
  id: string;
  name: string;
  email: string;
  role: Role;
}
