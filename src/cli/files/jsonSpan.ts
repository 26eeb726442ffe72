/**
 * Finds parts of JSON in bytes, so that they can be passed on as they are: nothing is rounded, reordered or written
 * differently on its way. All functions take text that `JSON.parse` has accepted; they check nothing themselves.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** A part of a text: from `start` up to, not including, `end`. */
export interface Span {
  start: number;
  end: number;
}

/** The position after the string whose opening quote is at `at`. */
function skipString(bytes: Uint8Array, at: number): number {
  for (at++; ; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
}

/** The position after the value that starts at `at`. `end` is the end of the text. */
function skipValue(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first === QUOTE) return skipString(bytes, at);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    // A number or a word: it ends at a comma, a closing bracket or white space.
    while (at < end && !isEndOfScalar(bytes[at]!)) at++;
    return at;
  }
  let depth = 1;
  for (at++; ; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) {
      return at + 1;
    }
  }
}

function isEndOfScalar(byte: number): boolean {
  return byte === 0x2c || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The position of the first byte from `at` on that is no white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  while (isSpace(bytes[at]!)) at++;
  return at;
}

/** The position after an object. `visit` gets the positions of each key (without quotes) and of its value. */
export function eachMember(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): number {
  let at = start + 1;
  for (;;) {
    // Between members there are white space and one comma.
    while (bytes[at] !== QUOTE) if (bytes[at++] === CLOSE_BRACE) return at;
    const keyStart = at + 1;
    at = skipString(bytes, at);
    const keyEnd = at - 1;
    while (bytes[at] !== COLON) at++;
    const valueStart = skipSpace(bytes, at + 1);
    at = skipValue(bytes, valueStart, end);
    visit(keyStart, keyEnd, valueStart, at);
  }
}

/** True when the key is written as `name` is: plainly, without escapes. */
export function keyIs(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  return end - start === name.length && startsWith(bytes, start, end, name);
}

/** True when the bytes from `start` on begin with `prefix`. */
export function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

/**
 * The value at a path of keys (`record`, `data`) of the object at `start`; of equal keys the last counts, as with
 * `JSON.parse`. Null when there is none, or when a key on the way is written with escapes and might be meant.
 */
export function valueAtPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  path: readonly Uint8Array[],
  depth = 0,
): Span | null {
  found.start = -1;
  walk(bytes, start, end, path, depth);
  return found.start < 0 ? null : { start: found.start, end: found.end };
}

const found: Span = { start: -1, end: -1 };

/** Walks an object once, going down into the members that are on the path. Returns the position after the object. */
function walk(
  bytes: Uint8Array,
  start: number,
  end: number,
  path: readonly Uint8Array[],
  depth: number,
): number {
  const name = path[depth]!;
  const isLast = depth === path.length - 1;
  let at = start + 1;
  let escaped = false;
  for (;;) {
    while (bytes[at] !== QUOTE) {
      if (bytes[at++] !== CLOSE_BRACE) continue;
      if (escaped) found.start = -1;
      return at;
    }
    const keyStart = ++at;
    let plain = true;
    for (; bytes[at] !== QUOTE; at++) {
      if (bytes[at] === BACKSLASH) {
        plain = false;
        at++;
      }
    }
    const keyEnd = at;
    escaped ||= !plain;
    while (bytes[at] !== COLON) at++;
    at = skipSpace(bytes, at + 1);
    const valueStart = at;
    const matches = keyEnd - keyStart === name.length && startsWith(bytes, keyStart, keyEnd, name);
    if (matches && !isLast && bytes[at] === OPEN_BRACE) {
      found.start = -1;
      at = walk(bytes, at, end, path, depth + 1);
      continue;
    }
    at = skipValue(bytes, at, end);
    if (!matches) continue;
    found.start = isLast ? valueStart : -1;
    found.end = at;
  }
}
