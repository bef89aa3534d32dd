/** Asks the console's health, which needs no session. No answer counts as no. */
export async function isStoreBack(): Promise<boolean> {
  try {
    const response = await fetch('/api/health', { cache: 'no-store' });
    const health: unknown = await response.json();
    return typeof health === 'object' && health !== null && 'store' in health && health.store === 'up';
  } catch {
    // The console itself is away, or something between answered in its stead.
    return false;
  }
}
