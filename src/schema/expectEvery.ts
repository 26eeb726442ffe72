import { refuse, shown } from "./refuse.js";

const UNITS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

type Unit = keyof typeof UNITS;

/** A time such as `"15 minutes"` or `"1 hour"`. */
export type Duration = `${number} ${Unit | `${Unit}s`}`;

/** The milliseconds of `expectEvery`, or null when nothing is expected. */
export function checkExpectEvery(option: unknown): number | null {
  if (option === undefined) return null;
  const ms = typeof option === "number" ? option : parseDuration(option);
  if (!Number.isFinite(ms) || ms <= 0) {
    refuse(
      `"expectEvery" is ${shown(option)}; write it as "15 minutes", "1 hour" or "2 days", or in milliseconds.`,
    );
  }
  if (ms < UNITS.second) {
    refuse(
      `"expectEvery" is ${String(ms)} milliseconds, less than a second; write the unit: "${String(ms)} minutes".`,
    );
  }
  return ms;
}

function parseDuration(option: unknown): number {
  const match =
    typeof option === "string" ? /^(\d+(?:\.\d+)?) (second|minute|hour|day)s?$/.exec(option) : null;
  return match === null ? NaN : Number(match[1]) * UNITS[match[2] as Unit];
}
