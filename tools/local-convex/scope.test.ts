// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { currentClock, inScope } from "./scope.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs a function that waits so many times for the database: 1 s each, one after the other or all at once. */
async function waiting(times: number, together: boolean): Promise<unknown> {
  const scope = { componentPath: "", functionName: "f", limits: { cpu: 1000, system: 15 } };
  const run = inScope(
    scope,
    () => undefined,
    () => {
      const clock = currentClock()!;
      for (let i = 0; i < times; i++) {
        clock.pause();
        if (!together || i === 0) vi.advanceTimersByTime(1000);
        if (!together) clock.resume(true);
      }
      for (let i = 0; together && i < times; i++) clock.resume(true);
      return "done";
    },
  );
  return await run(undefined, undefined);
}

test("what a function waits for together counts once", async () => {
  expect(await waiting(1000, true)).toBe("done");
  expect(await waiting(15, false)).toBe("done");
  await expect(waiting(16, false)).rejects.toThrow("Your request timed out.");
});
