const UNITS_MS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};
const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gy;

/** `10 min`, `1 h 30 min`, `90s`, `0` -> whole ms. Null: not a duration; a bare number other than 0 has no unit, and is none either. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (/^0+$/.test(trimmed)) return 0;
  let sum = 0;
  let end = 0;
  for (const match of trimmed.matchAll(PART)) {
    const unit = UNITS_MS[match[2] ?? ''];
    if (unit === undefined) return null;
    sum += Number(match[1]) * unit;
    end = match.index + match[0].length;
  }
  return trimmed === '' || end !== trimmed.length ? null : Math.round(sum);
}
