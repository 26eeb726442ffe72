/** Date and time as Airbyte, Fivetran, Postgres, MySQL and JSON libraries write them. */
const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?(?: ?(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?))?)?$/;

/**
 * Milliseconds since 1970 of an ISO 8601 date or date-time, with `T` or a space between the two; without a zone it is
 * taken as UTC, a date alone as its midnight. Microseconds are kept as a fraction of a millisecond, so that rows which
 * changed within one millisecond still sort.
 *
 * @returns null when the text is something else or names no day or time that exists (30 February, 25:00).
 */
export function parseDateTime(text: string): number | null {
  // Most texts that get here are numbers; the pattern need not run for them.
  if (text.length < 10 || text.charCodeAt(4) !== 0x2d) return null;
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = "", , sign, zoneHour, zoneMinute] = match;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return null;
  const [h, m, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  const [zoneH, zoneM] = [Number(zoneHour ?? 0), Number(zoneMinute ?? 0)];
  if (h > 23 || m > 59 || s > 59 || zoneH > 23 || zoneM > 59) return null;
  const offset = (zoneH * 60 + zoneM) * (sign === "-" ? -1 : 1);
  const whole =
    date.getTime() + ((h * 60 + m - offset) * 60 + s) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
  return fraction.length > 3 ? whole + Number(`0.${fraction.slice(3)}`) : whole;
}
