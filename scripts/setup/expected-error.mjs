/** A trouble that the reader can do something about: printed as one clear line, without a stack. */
export class ExpectedError extends Error {
  name = 'ExpectedError';
}

/** Ends the process over an error: an expected one in its own words, any other with its stack. */
export function failWith(error) {
  console.error(error instanceof ExpectedError ? `\n${error.message}` : error);
  process.exit(1);
}
