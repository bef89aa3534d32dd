import * as z from 'zod/mini';

/** What a signed-in person may do; each role may do all that the one before it may. */
export const role = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.infer<typeof role>;
