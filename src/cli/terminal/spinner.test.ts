import { Writable } from "node:stream";
import { beforeEach, expect, test, vi } from "vitest";
import { startSpinner } from "./spinner.js";

let shown = "";
let out: Writable;

beforeEach(() => {
  vi.useFakeTimers();
  shown = "";
  out = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      shown += text;
      done();
    },
  });
});

const CLEARED = "\r\u001B[K";

test("a long wait turns, and leaves no trace when something is written or the command ends", () => {
  const stop = startSpinner(out, [], () => false);
  vi.advanceTimersByTime(900);
  expect(shown).toBe("");
  vi.advanceTimersByTime(2_000);
  expect(shown).toContain("⠋ 1 s");
  out.write("Done.\n");
  expect(shown.endsWith(`${CLEARED}Done.\n`)).toBe(true);
  vi.advanceTimersByTime(2_000);
  stop();
  expect(shown.endsWith(CLEARED)).toBe(true);
  const before = shown;
  out.write("more\n");
  vi.advanceTimersByTime(5_000);
  expect(shown).toBe(`${before}more\n`);
});

test("a line that has not ended and a question are left alone", () => {
  let asking = false;
  const stop = startSpinner(out, [], () => asking);
  out.write("50 %");
  vi.advanceTimersByTime(5_000);
  out.write("\nYes?\n");
  asking = true;
  vi.advanceTimersByTime(5_000);
  stop();
  expect(shown).toBe("50 %\nYes?\n");
});
