import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pace } from "./pace.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const took = (ms: number) => async (rows: number) => {
  vi.setSystemTime(Date.now() + ms);
  return Promise.resolve(rows);
};

test("a transaction over a limit is run again with half its rows, and stays there", async () => {
  const tried: number[] = [];
  const limited = async (rows: number) => {
    tried.push(rows);
    if (rows > 300)
      throw new Error("Uncaught Error: Too many bytes read in a single function execution (limit: 16 MiB).");
    return Promise.resolve(rows);
  };
  const pace = new Pace(1_000);
  expect(await pace.run(limited)).toBe(250);
  expect(await pace.run(limited)).toBe(250);
  expect(tried).toEqual([1_000, 500, 250, 250]);
});

test("one row that is too much, and other errors, are the caller's", async () => {
  await expect(
    new Pace(4).run(async () =>
      Promise.reject(new Error("Function execution timed out (maximum duration: 1s)")),
    ),
  ).rejects.toThrow("timed out");
  await expect(new Pace(4).run(async () => Promise.reject(new Error("other")))).rejects.toThrow("other");
});

test("a slow transaction is followed by smaller ones, until they are fast", async () => {
  const pace = new Pace(4_000);
  const sizes = [];
  for (const ms of [13_700, 5_000, 2_000, 500, 500, 500]) sizes.push(await pace.run(took(ms)));
  expect(sizes).toEqual([4_000, 2_000, 1_000, 1_000, 2_000, 4_000]);
});
