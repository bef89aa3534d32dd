const MINUTE_MS = 60_000;
const TICK_WIDTH_PX = 72;

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** `14:03:20`, in the reader's own time zone. Only for what is drawn in the browser. */
export function exactClock(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** As `exactClock`; on whole minutes `14:03`. */
export function clock(atMs: number): string {
  return atMs % MINUTE_MS === 0 ? exactClock(atMs).slice(0, -':00'.length) : exactClock(atMs);
}

const STEPS_MS = [10_000, 20_000, 30_000, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS];

/** Round moments within the window, as many as fit beside each other. */
export function minuteTicks(fromMs: number, toMs: number, widthPx: number): number[] {
  const room = Math.max(2, Math.floor(widthPx / TICK_WIDTH_PX));
  const step = STEPS_MS.find((candidate) => (toMs - fromMs) / candidate <= room) ?? 60 * MINUTE_MS;
  const ticks: number[] = [];
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) ticks.push(at);
  return ticks;
}
