import { type Attempt, connectionProblem } from '../redis/connection-problem.ts';

/**
 * Why Redis cannot be reached, as one line for a person. Built from codes and known words alone: an error's own
 * message and its command may hold a password.
 */
export function explainConnectionError(error: unknown, address: string, attempt: Attempt): string {
  const problem = connectionProblem(error, attempt);
  if (problem !== null) return `${address}: ${problem.line}`;
  const code = text(error, 'code');
  const message = text(error, 'message');
  const name = text(error, 'name');
  switch (code) {
    case 'ECONNREFUSED':
      return `${address} refuses the connection: nothing listens there`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${address}: this host name is not known`;
    case 'ENOENT':
      return `${address}: there is no such socket`;
    case 'EACCES':
    case 'EPERM':
      return `${address}: this process may not connect there`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${address} cannot be reached over the network`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${address} closed the connection`;
    default:
      break;
  }
  if (/^WRONGPASS|^ERR invalid password|^ERR invalid username/i.test(message)) return `${address} says wrong password`;
  if (/^NOAUTH/i.test(message)) return `${address} asks for a password and none is configured`;
  if (/^NOPERM/i.test(message)) return `${address} does not let this user run the commands that are needed`;
  if (/^LOADING/i.test(message)) return `${address} is still loading its data`;
  if (/^MASTERDOWN/i.test(message)) return `${address} is a replica without its primary`;
  if (/max number of clients/i.test(message)) return `${address} has no room for another client`;
  if (name === 'ParserError' || /Protocol error|Unknown RESP type|Please report this/i.test(message)) {
    return `${address} answers, but is not a Redis`;
  }
  if (/timed out|timeout|did not answer/i.test(message)) return `${address} accepts the connection and does not answer`;
  if (/isn't writeable|connection is closed/i.test(message)) return `${address} closed the connection`;
  return `${address} cannot be used (${code === '' ? (name === '' ? 'unknown error' : name) : code})`;
}

function text(error: unknown, key: 'code' | 'message' | 'name'): string {
  const value = error instanceof Error || (typeof error === 'object' && error !== null) ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : '';
}
