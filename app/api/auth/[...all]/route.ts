import { container } from '../../../../server/container-slot.ts';

export const dynamic = 'force-dynamic';

const handle = (request: Request) => container().auth(request);

export { handle as GET, handle as POST };
