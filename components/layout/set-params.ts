/**
 * Puts view state into the address; null takes it out. Pages render from the address, so a link to it shows the same view. `push`
 * makes a step that Back undoes; typing in a filter replaces.
 */
export function setParams(changes: Record<string, string | null>, how: 'push' | 'replace' = 'replace'): void {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href === window.location.href) return;
  if (how === 'push') window.history.pushState(null, '', url);
  else window.history.replaceState(null, '', url);
}
