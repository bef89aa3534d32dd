import type { Role } from './roles.ts';

/** Who may do what: the one table, read by the server's actions and by the browser's buttons. */
export const permissions = {
  'console.read': 'viewer',
  'keys.invalidate': 'operator',
  'versions.bump': 'operator',
  'policies.save': 'operator',
  'lab.start': 'operator',
  'lab.stop': 'operator',
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof permissions;

const rank: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

/** True if a person with this role may do it. */
export function may(role: Role, permission: Permission): boolean {
  return rank[role] >= rank[permissions[permission]];
}
