/** Controls, bidirectional overrides, zero-width and line-separating characters, and lone surrogates: what makes text look like other text. */
const DECEIVING = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Text from outside as it may be shown and logged: one line, nothing invisible, nothing reordered. */
export function displayText(text: string): string {
  return text.replace(DECEIVING, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`);
}
