import { expect, test } from "vitest";
import { badgeWords, duration, exactly, keyWords, type BadgeStatus } from "./words.js";

const NOW = Date.parse("2026-01-31T08:00:00.000Z");
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const status = (words: Partial<BadgeStatus>): BadgeStatus => ({
  state: "upToDate",
  quarantined: 0,
  run: null,
  running: false,
  expectEveryMs: null,
  lagMs: null,
  lastHeardAt: null,
  lastAppliedAt: null,
  ...words,
});
const run = {
  id: "r",
  state: "running",
  syncMode: "append",
  generation: null,
  startedAt: ago(0),
  received: 1_234,
  swept: 0,
} as const;

test.each<[Partial<BadgeStatus>, string]>([
  [{ running: true, lastHeardAt: ago(2_000), lagMs: 1_000 }, "live, 3 s behind"],
  [{ running: true, lastHeardAt: ago(2_000) }, "live, 2 s behind"],
  [{ running: true, lastHeardAt: ago(-5_000), lagMs: 0 }, "live, 0 s behind"],
  [{ running: true, lastHeardAt: ago(45 * 60_000) }, "up to date as of 45 min ago"],
  [{ running: true }, "up to date"],
  // A file was pushed once: nobody says that more will come.
  [{ lastHeardAt: ago(2_000), lastAppliedAt: ago(3_000), lagMs: 1_000 }, "last rows 3 s ago"],
  [{ lastHeardAt: ago(45 * 60_000), lastAppliedAt: ago(46 * 60_000) }, "last rows 46 min ago"],
  [{ lastHeardAt: ago(2_000) }, "up to date"],
  // A schedule is declared, so that silence shows.
  [{ expectEveryMs: 30_000, lastHeardAt: ago(2_000), lastAppliedAt: ago(3_600_000) }, "live, 2 s behind"],
  [{ expectEveryMs: 3_600_000, lastHeardAt: ago(2_000) }, "up to date as of 2 s ago"],
  [{}, "up to date"],
  [{ state: "rowsWaiting", quarantined: 8 }, "8 rows waiting"],
  [{ state: "rowsWaiting", quarantined: 1 }, "1 row waiting"],
  [{ state: "sweepHeld" }, "deletions held"],
  [{ state: "waiting" }, "waiting for the first row"],
  [{ state: "snapshotting" }, "loading"],
  [{ state: "snapshotting", run }, "loading, 1,234 rows so far"],
  [{ state: "late", lastHeardAt: ago(12 * 60_000) }, "late, no contact for 12 min"],
  [{ state: "stale", lastHeardAt: ago(3 * 3_600_000) }, "stale, no contact for 3 h"],
  [{ state: "paused", lastHeardAt: ago(0) }, "paused"],
  [{ state: "failed" }, "failed"],
  [{ state: "removed" }, "removed"],
])("%j is %s", (words, badge) => {
  expect(badgeWords(status(words), NOW)).toBe(badge);
});

test("relative times advance without a new answer", () => {
  const live = status({ running: true, lastHeardAt: ago(0), lagMs: 500 });
  expect([0, 1_000, 59_000, 60_000].map((ms) => badgeWords(live, NOW + ms))).toEqual([
    "live, 0 s behind",
    "live, 1 s behind",
    "live, 59 s behind",
    "up to date as of 1 min ago",
  ]);
});

test("durations keep to one unit", () => {
  expect([0, 59_999, 60_000, 3_599_999, 3_600_000, 172_799_999, 172_800_000].map(duration)).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "47 h",
    "2 d",
  ]);
});

test("the exact time reads the same everywhere", () => {
  expect(exactly("2026-01-31T23:59:59.000Z")).toBe("2026-01-31 23:59:59 UTC");
});

test.each([
  ["[7]", "id", "id 7"],
  ['[{"$integer":"QA8DAAAAAAA="}]', "id", "id 200512"],
  ['["ORD","2001-02-09"]', "origin, date", "origin ORD, date 2001-02-09"],
  ["[null]", "id", "id null"],
  [null, "id", "no key"],
  ["[1,2]", "id", "[1,2]"],
])("the key %s of %s is %s for people", (key, primaryKey, words) => {
  expect(keyWords(key, primaryKey)).toBe(words);
});
