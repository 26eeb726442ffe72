/** The grammar of a number written in text, wider than JSON's: `+5`, `007`, `.5` and `5.` are numbers too. */
const NUMBER = /^([+-]?)(\d*)(\.\d*)?(?:[eE]([+-]?\d+))?$/;

/** Digits beyond which an integer is not read: no column holds it, and converting it would take long. */
const MAX_DIGITS = 4096;

/** Significant digits that tell any two doubles apart. */
const DOUBLE_DIGITS = 17;

/** All integers up to here are doubles. */
const LAST_EXACT = 2 ** 53;

/**
 * The number that a text denotes, without loss: an integer that a double cannot hold comes as a `bigint`; any other
 * number as the nearest double (that is what a decimal fraction is in every system that stores doubles).
 *
 * A text with a decimal point or an exponent that a double is printed as (`1e+23`, `9.9999999999999992e+22`) is that
 * double, although the two differ far down: whoever wrote it held the double. Digits alone are taken literally.
 *
 * @returns null when the text is no number, `"tooLarge"` for one that neither a double nor 4,096 digits can hold.
 */
export function readNumber(text: string): number | bigint | "tooLarge" | null {
  const match = NUMBER.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", point, exponent] = match;
  const fraction = point?.slice(1) ?? "";
  if (whole === "" && fraction === "") return null;
  const double = Number(text);
  if (Math.abs(double) < LAST_EXACT) return double;
  if (point === undefined && exponent === undefined) {
    if (whole.length > MAX_DIGITS) return "tooLarge";
    const exact = BigInt(sign === "-" ? `-${whole}` : whole);
    return Number.isFinite(double) && BigInt(double) === exact ? double : exact;
  }
  if (!Number.isFinite(double)) return "tooLarge";
  const digits = integerDigits(whole, fraction, Number(exponent ?? 0));
  if (digits === null) return double;
  const exact = BigInt(sign === "-" ? `-${digits}` : digits);
  return isHeldBy(exact, double) ? double : exact;
}

/** The digits of a finite number above 2^53 that is an integer, or null when it has a fraction. */
function integerDigits(whole: string, fraction: string, exponent: number): string | null {
  const digits = whole + fraction;
  const shift = exponent - fraction.length;
  if (shift >= 0) return digits + "0".repeat(shift);
  return /^0*$/.test(digits.slice(shift)) ? digits.slice(0, shift) : null;
}

/**
 * True when the double holds the integer, so that the integer can be had back from it: because they are equal, or
 * because the integer is what the double is printed as with as many digits (no double equals 10^23, but one prints so).
 */
export function isHeldBy(integer: bigint, double: number): boolean {
  if (!Number.isFinite(double)) return false;
  if (BigInt(double) === integer) return true;
  const [, sign, digits] = /^(-?)(\d+?)0*$/.exec(integer.toString())!;
  if (digits!.length > DOUBLE_DIGITS) return false;
  const printed = double.toExponential(digits!.length - 1);
  const places = integer.toString().length - sign!.length - 1;
  return printed.replace(".", "") === `${sign!}${digits!}e+${String(places)}`;
}
