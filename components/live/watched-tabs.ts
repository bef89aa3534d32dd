/** A visible tab repeats itself well within this; one that crashed is forgotten after it. */
export const SEEN_FOR_MS = 30_000;

/** Which tabs are being looked at, as the leader knows it: its stream rests while there are none. */
export function watchedTabs(now: () => number) {
  const until = new Map<string, number>();
  return {
    saw(tab: string, visible: boolean) {
      if (visible) until.set(tab, now() + SEEN_FOR_MS);
      else until.delete(tab);
    },
    any(): boolean {
      for (const [tab, end] of until) if (end <= now()) until.delete(tab);
      return until.size > 0;
    },
  };
}
