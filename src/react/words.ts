import type { MirrorStatus } from "../core/wire/views.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Up to how far behind a mirror is called live, in milliseconds. What is synced by the hour is up to date, not live. */
const LIVE_MS = MINUTE_MS;

/** What a badge says. */
export type BadgeStatus = Pick<
  MirrorStatus,
  "state" | "rows" | "run" | "lagMs" | "lastHeardAt" | "lastAppliedAt"
>;

/**
 * The state of a mirror in a few words: "live, 3 s behind". How far it is behind is how long ago the newest news were
 * committed at the source, as far as anybody here can know.
 */
export function badgeWords(mirror: BadgeStatus, now: number): string {
  switch (mirror.state) {
    case "waiting":
      return "waiting for the first row";
    case "snapshotting":
      return mirror.run === null ? "loading" : `loading, ${count(mirror.run.received, "row")} so far`;
    case "upToDate": {
      const behind = behindMs(mirror, now);
      if (behind === null) return "up to date";
      return behind <= LIVE_MS
        ? `live, ${duration(behind)} behind`
        : `up to date as of ${duration(behind)} ago`;
    }
    case "late":
    case "stale": {
      const heard = sinceMs(mirror.lastHeardAt, now);
      return heard === null ? mirror.state : `${mirror.state}, silent for ${duration(heard)}`;
    }
    case "paused":
    case "failed":
    case "removed":
      return mirror.state;
  }
}

/** How far a mirror is behind its source at most, in milliseconds; null when it has never been heard of. */
export function behindMs(
  { lastHeardAt, lagMs }: Pick<MirrorStatus, "lastHeardAt" | "lagMs">,
  now: number,
): number | null {
  const heard = sinceMs(lastHeardAt, now);
  return heard === null ? null : heard + (lagMs ?? 0);
}

/** Milliseconds since a time; not negative, for clocks differ. */
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

/** "1 row", "12,000 rows". */
export function count(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** "12,000": the same on every server and in every browser, so that pages hydrate. */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** "31 Jan, 08:00 UTC", which reads the same everywhere; the exact time belongs into a title. */
export function moment(time: string): string {
  const date = new Date(time);
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
