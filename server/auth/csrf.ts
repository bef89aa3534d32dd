/** Why a request that changes something is refused before anything of it is read; null: it may pass. */
export function refusalOfPost(headers: Headers, origins: readonly string[]): { status: number; message: string } | null {
  const origin = headers.get('origin');
  if (origin === null || !origins.includes(origin)) return { status: 403, message: `Changes are taken from ${origins[0]} only.` };
  const site = headers.get('sec-fetch-site');
  // Browsers leave the header out where the page is neither https nor loopback; elsewhere it must be there.
  const sent = origin.startsWith('https:') || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(origin);
  if (site === null ? sent : site !== 'same-origin') return { status: 403, message: 'Changes are taken from the console itself only.' };
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, message: 'Send application/json.' };
  return null;
}
