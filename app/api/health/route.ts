import { container } from '../../../server/container-slot.ts';

export const dynamic = 'force-dynamic';

/** Answers as soon as the console does, whatever else is down; names no key and no address. */
export function GET(): Response {
  return container().health();
}
