const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1536` -> `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** `0.42` -> `0.42 ms`, `1500` -> `1.5 s`, `5_400_000` -> `1 h 30 min`. */
export function formatDuration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs < 10) return `${trim(ms, 2)} ms`;
  if (abs < 1_000) return `${Math.round(ms)} ms`;
  if (abs < 60_000) return `${trim(ms / 1_000, 1)} s`;
  if (abs < 3_600_000) return two(ms, 60_000, 'min', 1_000, 's');
  if (abs < 86_400_000) return two(ms, 3_600_000, 'h', 60_000, 'min');
  return two(ms, 86_400_000, 'd', 3_600_000, 'h');
}

/** `0.9312` -> `93.1%`. Cut off, not rounded: 99.99% is never shown as 100%. */
export function formatRatio(ratio: number): string {
  return `${(Math.trunc(ratio * 1_000) / 10).toFixed(1)}%`;
}

/** `12345.6` -> `12,346`; below ten one digit is kept. */
export function formatCount(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 });
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

function two(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const whole = Math.trunc(ms / big);
  const rest = Math.round(Math.abs(ms - whole * big) / small);
  if (rest * small >= big) return `${whole + Math.sign(ms)} ${bigName}`;
  return rest === 0 ? `${whole} ${bigName}` : `${whole} ${bigName} ${rest} ${smallName}`;
}
