/** Date and time as Airbyte, Fivetran, Postgres, MySQL and JSON libraries write them. */
const DATE_TIME =
  /^([+-]?\d{4,9})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?(?: ?(?:([Zz])|([+-])(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?))?)?( BC)?$/;

/** A moment, as exactly as its text has it. */
interface Moment {
  /** Seconds since 1970. */
  seconds: number;
  /** The digits of the fraction of a second. */
  fraction: string;
}

/**
 * Milliseconds since 1970 of an ISO 8601 date or date-time, with `T` or a space between the two; without a zone it is
 * taken as UTC, a date alone as its midnight. Microseconds are kept as a fraction of a millisecond, so that rows which
 * changed within one millisecond still sort.
 *
 * What Postgres writes for years before 1 (`0044-03-15 BC`) and after 9999, and `infinity`, is understood too.
 *
 * @returns null when the text is something else or names no day or time that exists (30 February, 25:00).
 */
export function parseDateTime(text: string): number | null {
  const moment = readMoment(text);
  if (moment === null) return null;
  const { seconds, fraction } = moment;
  const whole = seconds * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
  return fraction.length > 3 ? whole + Number(`0.${fraction.slice(3)}`) : whole;
}

/**
 * Which of two texts is the earlier moment: negative, 0 or positive, as sorting wants it. Zones and omitted fractions
 * count, and every digit does.
 *
 * @returns null when one of them is no date-time
 */
export function compareMoments(a: string, b: string): number | null {
  const [left, right] = [readMoment(a), readMoment(b)];
  if (left === null || right === null) return null;
  if (left.seconds !== right.seconds) return left.seconds < right.seconds ? -1 : 1;
  const [mine, theirs] = [left, right].map(({ fraction }) => Number(fraction.padEnd(12, "0")));
  return mine! - theirs!;
}

function readMoment(text: string): Moment | null {
  // Most texts that get here are numbers; the pattern need not run for them.
  if (text.length < 8) return null;
  if (text === "infinity" || text === "-infinity")
    return { seconds: text === "infinity" ? Infinity : -Infinity, fraction: "" };
  if (text.length < 10 || text.lastIndexOf("-", 10) < 4) return null;
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const [, yearText, monthText, dayText, ...rest] = match;
  const [hour, minute, second, fraction = "", , sign, zoneHour, zoneMinute, zoneSecond, era] = rest;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  // The year before 1 is 1 BC.
  if (era !== undefined && year < 1) return null;
  const days = daysSince1970(era === undefined ? year : 1 - year, month, day);
  const [h, m, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  const [zoneH, zoneM, zoneS] = [zoneHour, zoneMinute, zoneSecond].map((part) => Number(part ?? 0));
  if (days === null || h > 23 || m > 59 || s > 59 || zoneH! > 23 || zoneM! > 59 || zoneS! > 59) return null;
  const offset = ((zoneH! * 60 + zoneM!) * 60 + zoneS!) * (sign === "-" ? -1 : 1);
  return { seconds: ((days * 24 + h) * 60 + m) * 60 + s - offset, fraction };
}

const DAYS_PER_CYCLE = 146_097;

/** The number of a day of the Gregorian calendar, which repeats every 400 years; null for one that does not exist. */
function daysSince1970(year: number, month: number, day: number): number | null {
  // JavaScript knows the days of some 275,000 years, and takes the years 0 to 99 for 1900 to 1999.
  const cycles = Math.floor(year / 400) - 5;
  const date = new Date(Date.UTC(year - cycles * 400, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return cycles * DAYS_PER_CYCLE + date.getTime() / 86_400_000;
}
