/** The version record of one entity (rule 7). All but `prev` and `replid` are decimal strings of Redis microseconds. */
export interface VersionRecord {
  /** Grows with every change. */
  readonly rev: string;
  /** The namespace that data keys carry now. */
  readonly ns: string;
  /** What the last bump left, while it can be undone. */
  readonly prev: string | null;
  readonly replid: string | null;
}

/** `rev ns prev replid`, as the scripts write it; null for any other text. */
export function parseVersionRecord(text: string): VersionRecord | null {
  const match = /^(\d{1,19}) (\d{1,19}) (\d{1,19}|-) ([\w-]{1,64})$/.exec(text);
  if (match === null) return null;
  const [, rev = '', ns = '', prev = '', replid = ''] = match;
  return { rev, ns, prev: prev === '-' ? null : prev, replid: replid === '-' ? null : replid };
}
