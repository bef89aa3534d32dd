import { container } from '../../../server/container-slot.ts';

export const dynamic = 'force-dynamic';

export const POST = (request: Request) => container().signInLink(request);
