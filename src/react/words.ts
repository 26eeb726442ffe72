import { convexToJson, type Value } from "convex/values";
import { count } from "../core/words.js";
import { readKeyText } from "../core/proof/keyText.js";
import type { MirrorStatus } from "../core/wire/views.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * A mirror is called live when it is at most this far behind, in milliseconds, and its sender is there: a run owns the
 * mirror, or contact is expected as often as this. A mirror synced every hour is up to date, not live.
 */
const LIVE_MS = MINUTE_MS;

/** What a badge says. */
export type BadgeStatus = Pick<
  MirrorStatus,
  "state" | "quarantined" | "run" | "running" | "lagMs" | "lastHeardAt" | "lastAppliedAt" | "expectEveryMs"
>;

/**
 * The state of a mirror in a few words: "live, 3 s behind". "Behind" is the time since the connector last reported,
 * plus the lag of its last delivery. Where nobody delivers and nobody is expected, as after a push of a file, nothing
 * is known of the source: "last rows 3 s ago".
 */
export function badgeWords(mirror: BadgeStatus, now: number): string {
  switch (mirror.state) {
    case "waiting":
      return "waiting for the first row";
    case "snapshotting":
      return mirror.run === null ? "loading" : `loading, ${count(mirror.run.received, "row")} so far`;
    case "upToDate":
      return upToDateWords(mirror, now);
    case "rowsWaiting":
      return `${count(mirror.quarantined, "row")} waiting`;
    case "sweepHeld":
      return "deletions held";
    case "late":
    case "stale": {
      const heard = sinceMs(mirror.lastHeardAt, now);
      return heard === null ? mirror.state : `${mirror.state}, no contact for ${duration(heard)}`;
    }
    case "paused":
    case "failed":
    case "removed":
      return mirror.state;
  }
}

function upToDateWords(mirror: BadgeStatus, now: number): string {
  const { running, expectEveryMs, lastAppliedAt } = mirror;
  const behind = behindMs(mirror, now);
  if (running || expectEveryMs !== null) {
    if (behind === null) return "up to date";
    const isLive = behind <= LIVE_MS && (running || expectEveryMs! <= LIVE_MS);
    return isLive ? `live, ${duration(behind)} behind` : `up to date as of ${duration(behind)} ago`;
  }
  const applied = sinceMs(lastAppliedAt, now);
  return applied === null ? "up to date" : `last rows ${duration(applied)} ago`;
}

/** How far a mirror is behind its source at most, in milliseconds; null when the connector never reported. */
export function behindMs(
  { lastHeardAt, lagMs }: Pick<MirrorStatus, "lastHeardAt" | "lagMs">,
  now: number,
): number | null {
  const heard = sinceMs(lastHeardAt, now);
  return heard === null ? null : heard + (lagMs ?? 0);
}

/** Milliseconds since a time; not negative, because clocks differ. */
export function sinceMs(time: string | null, now: number): number | null {
  return time === null ? null : Math.max(0, now - Date.parse(time));
}

/** "3 s", "12 min", "2 h", "5 d". */
export function duration(ms: number): string {
  if (ms < MINUTE_MS) return `${String(Math.floor(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return `${String(Math.floor(ms / MINUTE_MS))} min`;
  if (ms < 2 * DAY_MS) return `${String(Math.floor(ms / HOUR_MS))} h`;
  return `${String(Math.floor(ms / DAY_MS))} d`;
}

/** "250 ms", "3 s". */
export function lagWords(ms: number): string {
  return ms < SECOND_MS ? `${String(Math.round(ms))} ms` : duration(ms);
}

/** "2026-01-31 08:00:10 UTC": the exact time, for the title of a relative one. */
export function exactly(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/**
 * Which colours to use. Without one they follow the `color-scheme` of the page; `auto` follows the reader's system.
 * `light` and `dark` are for pages that switch by a class of their own.
 */
export type Theme = "light" | "dark" | "auto";

/** A key for people: `id 7`, `origin ORD, date 2001-02-09`. The names are those of the mirror's primary key. */
export function keyWords(key: string | null, primaryKey: string): string {
  if (key === null) return "no key";
  const values = readKeyText(key);
  const names = primaryKey.split(", ");
  if (values === null || values.length !== names.length) return key;
  return values.map((value, i) => `${names[i]!} ${valueWords(value)}`).join(", ");
}

function valueWords(value: Value): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : JSON.stringify(convexToJson(value));
}
