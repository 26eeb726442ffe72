// @vitest-environment node
import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { noCounts } from "../../core/wire/counts.js";
import { ProgressDisplay, summary } from "./report.js";

describe("progress in a log", () => {
  function shown(isSilent: boolean): {
    update: (rows: number) => void;
    at: (ms: number) => void;
    text: () => string;
  } {
    let [text, now] = ["", 0];
    const out = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    });
    const display = new ProgressDisplay(
      out,
      () => 0.25,
      isSilent,
      () => now,
    );
    return {
      update: (rows) => {
        display.update(rows);
      },
      at: (ms) => (now = ms),
      text: () => text,
    };
  }

  test("is a line every ten seconds", () => {
    const { update, at, text } = shown(false);
    for (let second = 0; second <= 25; second++) {
      at(second * 1000);
      update(second * 2_000);
    }
    expect(text()).toBe("20,000 rows, 25 %, 2,000 rows/s\n40,000 rows, 25 %, 2,000 rows/s\n");
  });

  test("is not there for machines", () => {
    const { update, at, text } = shown(true);
    at(60_000);
    update(2_000);
    expect(text()).toBe("");
  });
});

describe("the summary", () => {
  const mirror = { name: "users", source: null, primaryKey: ["id"], version: null };
  const pushed = {
    finished: true,
    resumedRows: 0,
    rows: 3,
    counts: { ...noCounts, received: 3, inserted: 3 },
    quarantinedKeys: [],
    state: "complete",
    reason: "Complete; 7 rows that it did not deliver were deleted.",
    held: null,
  };

  test("of a refresh counts deleted rows once", () => {
    const text = summary(mirror, "refresh", pushed, 1);
    expect(text.match(/deleted/g)).toHaveLength(1);
    expect(text).toContain("7 rows that it did not deliver were deleted.");
    expect(text).toContain("3 received = 3 inserted + 0 updated + 0 unchanged + 0 stale");
  });

  test("of a push that was stopped before its first delivery says that nothing was sent", () => {
    const stopped = { ...pushed, finished: false, rows: 0, counts: noCounts, reason: null };
    expect(summary(mirror, "upsert", stopped, 1)).toContain("nothing was sent");
  });
});
