/** The grammar of a number written in text, wider than JSON's: `+5`, `007`, `.5` and `5.` are numbers too. */
const NUMBER = /^([+-]?)(\d*)(\.\d*)?(?:[eE]([+-]?\d+))?$/;

/** Digits beyond which an integer is not read: no column holds it, and converting it would take long. */
const MAX_DIGITS = 4096;

/** All integers up to here are doubles, so that none of them changes by becoming one. */
const LAST_EXACT = 2 ** 53;

/**
 * A number of JSON that is kept as it was written: beyond doubles (`1E400`), so that it spoils its own row and no other;
 * or a decimal that a double is not printed as (`1.10`, or more digits than it has), so that a text column gets all of it.
 */
export class WrittenNumber {
  // No property of its own: it is no object of JSON, and must not be taken for one.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** As the source wrote it. */
  toString(): string {
    return this.#text;
  }

  /** The number itself, where only its zeros at the end are no double's; else null. */
  get plain(): number | bigint | null {
    if (!ENDS_WITH_ZERO.test(this.#text)) return null;
    const number = readNumber(this.#text);
    if (number === "tooLarge") return null;
    return typeof number === "number" && isRounded(this.#text, number) ? null : number;
  }

  /** The nearest double, or null when it is beyond doubles. */
  get nearest(): number | null {
    const double = Number(this.#text);
    return Number.isFinite(double) ? double : null;
  }
}

/** A decimal with a zero at its end, which no double is printed with. */
const ENDS_WITH_ZERO = /\.\d*0$/;

/** Significant digits that every double keeps. */
const SAFE_DIGITS = 15;

/** The number that a number token of JSON denotes, without loss. */
export function readToken(token: string): number | bigint | WrittenNumber {
  if (ENDS_WITH_ZERO.test(token)) return new WrittenNumber(token);
  const number = readNumber(token);
  if (typeof number === "bigint") return number;
  return typeof number === "number" && !isRounded(token, number) ? number : new WrittenNumber(token);
}

/** True when a decimal fraction has digits that its double is not printed with. */
function isRounded(token: string, double: number): boolean {
  if (token.length <= SAFE_DIGITS || integerOf(token) !== null) return false;
  const written = decimalOf(token);
  return written !== decimalOf(String(double)) && written !== decimalOf(double.toExponential(16));
}

/**
 * The number that a text denotes, without loss: an integer that a double cannot hold comes as a `bigint`; any other
 * number as the nearest double (that is what a decimal fraction is in every system that stores doubles).
 *
 * A text with a decimal point or an exponent that a double is printed as (`1e+23`; by C `9.9999999999999992e+22`) is
 * that double, although the two differ far down: its writer had the double. Digits alone are taken literally.
 *
 * @returns null when the text is no number, `"tooLarge"` for one that neither a double nor 4,096 digits can hold.
 */
export function readNumber(text: string): number | bigint | "tooLarge" | null {
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [, , whole = "", point, exponent] = match;
  if (whole === "" && (point ?? ".") === ".") return null;
  const double = Number(text);
  if (Math.abs(double) < LAST_EXACT) return double;
  if (point === undefined && exponent === undefined) {
    if (whole.length > MAX_DIGITS) return "tooLarge";
    const integer = BigInt(text.replace("+", ""));
    return isExact(integer) ? double : integer;
  }
  if (!Number.isFinite(double)) return "tooLarge";
  const integer = integerOf(text);
  return integer === null || isExact(integer) || isPrintOfDouble(integer) ? double : integer;
}

/** True when a double equals the integer. */
export function isExact(integer: bigint): boolean {
  const double = Number(integer);
  return Number.isFinite(double) && BigInt(double) === integer;
}

/** A decimal in one form for all its spellings: its digits without zeros at either end, and their power of ten. */
function decimalOf(text: string): string {
  const [, sign, whole = "", point = ".", exponent = "0"] = NUMBER.exec(text)!;
  const digits = (whole + point.slice(1)).replace(/^0+/, "");
  // A loop, because a pattern that looks for zeros at the end restarts at each zero before it.
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  const significant = digits.slice(0, end);
  const power = Number(exponent) - (point.length - 1) + digits.length - significant.length;
  return `${sign!}${significant}e${String(power)}`;
}

/** The integer that the text of a finite number denotes, or null when it has a fraction. */
function integerOf(text: string): bigint | null {
  const [, sign, whole = "", point = ".", exponent = "0"] = NUMBER.exec(text)!;
  const digits = whole + point.slice(1);
  const shift = Number(exponent) - point.length + 1;
  if (shift < 0 && !/^0*$/.test(digits.slice(shift))) return null;
  const magnitude = BigInt(shift < 0 ? digits.slice(0, shift) : digits + "0".repeat(shift));
  return sign === "-" ? -magnitude : magnitude;
}

/**
 * True when a double is printed as the integer, which it does not equal: shortest, as most languages print, or with 17
 * digits, as C does.
 */
export function isPrintOfDouble(integer: bigint): boolean {
  const double = Number(integer);
  if (!Number.isFinite(double)) return false;
  return integerOf(String(double)) === integer || integerOf(double.toExponential(16)) === integer;
}
