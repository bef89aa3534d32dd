import { createHash } from 'node:crypto';
import { STALE_MARK_AT } from './envelope.ts';

/**
 * Every Lua script of the engine. No shebang (Redis 6.2 runs them too). A lease is a string: a token of fixed length whose
 * first byte is `L` for a load or `W` for a write, then the instance ids of those who wait. Scripts compare the token part
 * alone; APPEND keeps the TTL. A wake is `w`, or `r` where a lease was given back unfilled, and the data key, published on the
 * inbox of each waiter by `pcall`: a refused PUBLISH must not abort a script that has removed something already.
 */

/** `L` or `W`, 16 of the instance, 7 of its counter. */
export const TOKEN_LENGTH = 24;
export const INSTANCE_LENGTH = 16;
/** Waiters past this are not listed in a lease; their fallback timer serves them. */
const WAITERS_MAX = 256;

export interface Script {
  readonly name: string;
  readonly lua: string;
  readonly sha: string;
}

function script(name: string, lua: string): Script {
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') };
}

const TOKEN_OF = `local function token_of(lease) return lease and string.sub(lease, 1, ${TOKEN_LENGTH}) end
`;
const WAKE = `local function wake(lease, key, inbox, why)
  if not lease then return end
  for i = ${TOKEN_LENGTH + 1}, #lease, ${INSTANCE_LENGTH} do
    redis.pcall('PUBLISH', inbox .. string.sub(lease, i, i + ${INSTANCE_LENGTH - 1}), (why or 'w') .. key)
  end
end
`;

/**
 * Asks for the right to load. KEYS: entry, lease. ARGV: token, lease ms, own instance, the first bytes of an entry that is past its time ('' for none).
 * Returns {1} granted | {2, entry} somebody filled it meanwhile | {3, token} another load holds it, we are listed | {4} a write holds it.
 */
export const acquireLease: Script = script(
  'acquireLease',
  `${TOKEN_OF}local entry = redis.call('GET', KEYS[1])
if entry and (ARGV[4] == '' or string.sub(entry, 1, #ARGV[4]) ~= ARGV[4]) then return {2, entry} end
local held = redis.call('GET', KEYS[2])
if not held then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  return {1}
end
local token = token_of(held)
if token == ARGV[1] then return {1} end
if string.sub(token, 1, 1) == 'W' then return {4} end
local listed = false
for i = ${TOKEN_LENGTH + 1}, #held, ${INSTANCE_LENGTH} do
  if string.sub(held, i, i + ${INSTANCE_LENGTH - 1}) == ARGV[3] then listed = true end
end
if not listed and #held < ${TOKEN_LENGTH + WAITERS_MAX * INSTANCE_LENGTH} then redis.call('APPEND', KEYS[2], ARGV[3]) end
return {3, token}`,
);

/**
 * Asks for the right to load in the pipeline that reads the entry. KEYS: entry, lease. ARGV: token, lease ms.
 * Returns 1 granted | 0 an entry or another lease stands.
 */
export const foreseeLease: Script = script(
  'foreseeLease',
  `${TOKEN_OF}if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') or token_of(redis.call('GET', KEYS[2])) == ARGV[1] then return 1 end
return 0`,
);

/**
 * Asks for the right to refresh an entry that still stands. KEYS: entry, lease. ARGV: token, lease ms, the first bytes of the entry seen.
 * Returns 1 granted | 0 it is leased, changed or gone.
 */
export const acquireRefresh: Script = script(
  'acquireRefresh',
  `if redis.call('GETRANGE', KEYS[1], 0, #ARGV[3] - 1) ~= ARGV[3] then return 0 end
if redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') then return 1 end
return 0`,
);

/** Rule 2. KEYS: entry, lease. ARGV: token, envelope, entry ms, inbox prefix. Returns 1 stored | 0 the lease no longer holds the token. */
export const fillEntry: Script = script(
  'fillEntry',
  `${TOKEN_OF}${WAKE}local held = redis.call('GET', KEYS[2])
if token_of(held) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
wake(held, KEYS[1], ARGV[4])
return 1`,
);

/**
 * Rule 5. KEYS: entry, lease. ARGV: token, the first bytes of the entry seen, those that replace them, entry ms, inbox prefix.
 * The value stays. Returns 1 extended | 0 the lease no longer holds the token | 2 the entry is another, or gone.
 */
export const extendEntry: Script = script(
  'extendEntry',
  `${TOKEN_OF}${WAKE}local held = redis.call('GET', KEYS[2])
if token_of(held) ~= ARGV[1] then return 0 end
local same = redis.call('GETRANGE', KEYS[1], 0, #ARGV[2] - 1) == ARGV[2]
if same then
  redis.call('SETRANGE', KEYS[1], 0, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
redis.call('DEL', KEYS[2])
wake(held, KEYS[1], ARGV[5])
return same and 1 or 2`,
);

/** KEYS: entry, lease. ARGV: token, inbox prefix. Gives the lease back unfilled. Returns 1 | 0 it was no longer ours. */
export const releaseLease: Script = script(
  'releaseLease',
  `${TOKEN_OF}${WAKE}local held = redis.call('GET', KEYS[2])
if token_of(held) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
wake(held, KEYS[1], ARGV[2], 'r')
return 1`,
);

/** KEYS: lease. ARGV: token, ms. Returns 1 | 0 it is no longer ours. */
export const renewLease: Script = script(
  'renewLease',
  `${TOKEN_OF}if token_of(redis.call('GET', KEYS[1])) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`,
);

/** Rule 3 (i). KEYS: entry, lease. ARGV: write token, ms, inbox prefix. Removes the entry, replaces any lease, wakes. Returns {entries removed, leases replaced}. */
export const beginWrite: Script = script(
  'beginWrite',
  `${WAKE}local held = redis.call('GET', KEYS[2])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local removed = redis.call('DEL', KEYS[1])
wake(held, KEYS[1], ARGV[3])
return {removed, held and 1 or 0}`,
);

/** Rule 4. KEYS: entry, lease. ARGV: inbox prefix. Returns {entries removed, leases revoked}. */
export const invalidateEntry: Script = script(
  'invalidateEntry',
  `${WAKE}local held = redis.call('GET', KEYS[2])
local leases = redis.call('DEL', KEYS[2])
local removed = redis.call('DEL', KEYS[1])
wake(held, KEYS[1], ARGV[1])
return {removed, leases}`,
);

/**
 * Rule 5. KEYS: entry, lease. ARGV: inbox prefix, the envelope's stale mark. Marks an entry that stands, and never makes a key;
 * a load under way loses its lease, or it would store what is old as fresh. Returns {entries marked, leases revoked}.
 */
export const softInvalidate: Script = script(
  'softInvalidate',
  `${WAKE}local held = redis.call('GET', KEYS[2])
local marked = redis.call('EXISTS', KEYS[1])
if marked == 1 then redis.call('SETRANGE', KEYS[1], ${STALE_MARK_AT}, ARGV[2]) end
local leases = redis.call('DEL', KEYS[2])
wake(held, KEYS[1], ARGV[1])
return {marked, leases}`,
);

/** Rule 9. KEYS: entry. ARGV: its bytes as seen. Returns 1 removed | 0 it has changed. */
export const removeIfUnchanged: Script = script(
  'removeIfUnchanged',
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
);

/** `rev ns prev replid`, decimal, `-` for none. A record that is none counts as missing. Mints above all that anybody has seen. Who knows no replid (`-`) leaves the record's. */
const VERSION = `local current = redis.call('GET', KEYS[1])
local rev, ns, prev, replid
if current then rev, ns, prev, replid = string.match(current, '^(%d+) (%d+) ([%d-]+) ([%w-]+)$') end
local function change(next_ns, next_prev)
  local time = redis.call('TIME')
  local next_rev = time[1] * 1000000 + time[2]
  if rev and tonumber(rev) + 1 > next_rev then next_rev = tonumber(rev) + 1 end
  if ARGV[1] ~= '' and tonumber(ARGV[1]) + 1 > next_rev then next_rev = tonumber(ARGV[1]) + 1 end
  local text = string.format('%.0f', next_rev)
  local server = ARGV[2] == '-' and replid or ARGV[2]
  local record = text .. ' ' .. (next_ns or text) .. ' ' .. (next_prev or '-') .. ' ' .. server
  redis.call('SET', KEYS[1], record)
  return {1, record}
end
`;

/** Rule 7. KEYS: record. ARGV: highest rev seen or '', replid or '-'. Only where there is no record. Returns {1 changed | 0, record}. */
export const mintVersion: Script = script(
  'mintVersion',
  `${VERSION}if rev then return {0, current} end
return change()`,
);

/** Rule 7. KEYS: record. ARGV: highest rev seen, replid or '-'. Only while the record is below it. Returns {1 changed | 0, record}. */
export const raiseVersion: Script = script(
  'raiseVersion',
  `${VERSION}if rev and tonumber(rev) >= tonumber(ARGV[1]) then return {0, current} end
return change()`,
);

/**
 * Rule 12. KEYS: record. ARGV: highest rev seen or '', replid of this server. A record that another server wrote is raised:
 * what stood under it may have missed an invalidation. Whoever comes second finds it adopted. Returns {1 changed | 0, record}.
 */
export const adoptVersion: Script = script(
  'adoptVersion',
  `${VERSION}if rev and replid == ARGV[2] and (ARGV[1] == '' or tonumber(rev) >= tonumber(ARGV[1])) then return {0, current} end
return change()`,
);

/** Rule 7. KEYS: record. ARGV: highest rev seen or '', replid or '-', expected rev ('' for none). Returns {1 changed | 0 another rev stands, record or ''}. */
export const bumpVersion: Script = script(
  'bumpVersion',
  `${VERSION}if (rev or '') ~= ARGV[3] then return {0, rev and current or ''} end
return change(nil, ns)`,
);

/** Rule 7. KEYS: record. ARGV: highest rev seen or '', replid or '-', expected rev. Takes the last bump back, once. Returns {1 changed | 0 another rev stands, or nothing is left to undo, record or ''}. */
export const undoBump: Script = script(
  'undoBump',
  `${VERSION}if rev ~= ARGV[3] or prev == '-' then return {0, rev and current or ''} end
return change(prev, nil)`,
);

/** A stored document's `rev`, 0 for none and for what is no document. */
const REV_OF = `local function rev_of(json)
  local ok, document = pcall(cjson.decode, json or '')
  if ok and type(document) == 'table' and type(document.rev) == 'number' then return document.rev end
  return 0
end
`;

/** KEYS: policies. ARGV: rev, JSON PolicyDocument. Writes it unless a higher rev stands. Returns 1 | 0. */
export const publishPolicies: Script = script(
  'publishPolicies',
  `${REV_OF}if rev_of(redis.call('GET', KEYS[1])) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`,
);

/**
 * KEYS: faults. ARGV: the text that must still stand ('' for none), JSON list of FaultOrders. Replaces the document; returns its
 * new rev, decimal, or '0' where another stands. At least Redis time in ms, so that it grows even where Redis has lost the document:
 * instances ignore a rev below the one they know.
 */
export const orderFaults: Script = script(
  'orderFaults',
  `${REV_OF}local stands = redis.call('GET', KEYS[1]) or ''
if stands ~= ARGV[1] then return '0' end
local time = redis.call('TIME')
local rev = string.format('%.0f', math.max(rev_of(stands) + 1, time[1] * 1000 + math.floor(time[2] / 1000)))
redis.call('SET', KEYS[1], '{"v":1,"rev":' .. rev .. ',"faults":' .. ARGV[2] .. '}')
return rev`,
);

/**
 * KEYS: structures. ARGV: address, JSON of the set, sets kept at most. Stores a set, or stamps one that stands as in use; the
 * set unused for longest makes room, and who still uses it will publish it again. Returns 1.
 */
export const publishStructures: Script = script(
  'publishStructures',
  `local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000000 + time[2])
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  while redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) do
    local all = redis.call('HGETALL', KEYS[1])
    local oldest, least
    for i = 1, #all, 2 do
      local used = tonumber(string.match(all[i + 1], '^%d+')) or 0
      if not least or used < least then oldest, least = all[i], used end
    end
    redis.call('HDEL', KEYS[1], oldest)
  end
end
redis.call('HSET', KEYS[1], ARGV[1], stamp .. ' ' .. ARGV[2])
return 1`,
);
