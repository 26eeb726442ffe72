/** Positions are unsigned integers of 64 bits: that is what the logs of databases count with. */
const END = 2n ** 64n;

/**
 * A position in a source's log, which only grows, as 16 hexadecimal digits, so that positions sort as text: an integer
 * or a Postgres log sequence number (`16/B374D848`). Null for anything else.
 */
export function positionText(position: string | number): string | null {
  const value = parse(String(position));
  return value === null || value >= END ? null : value.toString(16).padStart(16, "0");
}

function parse(text: string): bigint | null {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  const [, high, low] = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (high === undefined || low === undefined) return null;
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
