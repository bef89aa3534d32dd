import type { FaultKind, FaultSpec } from './lab.ts';
import { formatBytes, formatDuration } from './units.ts';

/** Read, write and lease; a subscriber has no commands to refuse. Counted here: every page shows faults, and none but the lab needs the schemas. */
const DATA_ROLES_COUNT = 3;

/** What one draw of a fault's probability is about. */
const PER: Record<FaultKind, string> = {
  refuse: 'connections',
  'black-hole': 'connections',
  latency: 'chunks',
  bandwidth: 'connections',
  reset: 'replies',
  'error-reply': 'commands',
  'forced-miss': 'reads',
  'corrupt-payload': 'reads',
  'slow-origin': 'loads',
  'failing-origin': 'loads',
  'l1-off': 'instances',
};

/** `Redis slower by 250 ms`, `50% of commands answered with OOM (lease alone)`: what an experiment simulates, in one line. */
export function describeFault(fault: FaultSpec): string {
  const share = fault.probability === 1 ? '' : ` for ${percent(fault.probability)} of ${PER[fault.kind]}`;
  return `${whatOf(fault)}${share}${rolesOf(fault)}`;
}

/** `commands`: what `probability` is a share of. */
export function drawnPer(kind: FaultKind): string {
  return PER[kind];
}

function whatOf(fault: FaultSpec): string {
  switch (fault.kind) {
    case 'refuse':
      return 'Redis down';
    case 'black-hole':
      return { both: 'Redis unreachable (black hole)', 'to-redis': 'Redis hung', 'from-redis': 'Replies of Redis lost' }[fault.direction];
    case 'latency':
      return `Redis slower by ${spread(fault)}${way(fault.direction)}`;
    case 'bandwidth':
      return `Redis at ${formatBytes(fault.bytesPerSecond)}/s${way(fault.direction)}`;
    case 'reset':
      return 'Connections reset in mid-reply';
    case 'error-reply':
      return `Redis answers ${fault.error}`;
    case 'forced-miss':
      return 'Cold cache: reads miss';
    case 'corrupt-payload':
      return 'Corrupt payloads';
    case 'slow-origin':
      return `Origin slower by ${spread(fault)}`;
    case 'failing-origin':
      return 'Origin fails';
    case 'l1-off':
      return 'In-process cache off';
  }
}

function spread({ latencyMs, jitterMs }: { latencyMs: number; jitterMs: number }): string {
  return jitterMs === 0 ? formatDuration(latencyMs) : `${formatDuration(latencyMs)} to ${formatDuration(latencyMs + jitterMs)}`;
}

function way(direction: 'from-redis' | 'to-redis' | 'both'): string {
  return { 'from-redis': '', 'to-redis': ' on the way there', both: ' each way' }[direction];
}

function rolesOf(fault: FaultSpec): string {
  if (!('roles' in fault)) return '';
  const all = fault.kind === 'error-reply' ? DATA_ROLES_COUNT : DATA_ROLES_COUNT + 1;
  return fault.roles.length === all ? '' : ` (${fault.roles.join(', ')} only)`;
}

function percent(probability: number): string {
  return `${Number((probability * 100).toPrecision(3))}%`;
}
