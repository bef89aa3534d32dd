import 'server-only';
import { headers } from 'next/headers';
import { container } from '../container-slot.ts';

/** The router for server components: called in-process, as the person who asked for the page. */
export async function serverCaller() {
  return container().caller(await headers());
}
