// @vitest-environment node
/** What calls evaluate is bounded: every call evaluates its modules again. `npm run bench -- sizes` prints it. */
import { beforeAll, expect, test } from "vitest";
import { measureSizes } from "../bench/sizes.js";

let sizes: Record<string, number>;
beforeAll(async () => {
  sizes = await measureSizes();
});

test.each([
  ["app: imports (read, write)", 127_000],
  ["app: http, and what a request of Airbyte loads", 197_000],
  ["component: ingest (applyChunk)", 102_000],
  ["component: capability (check)", 54_000],
  ["component: access (authenticate)", 63_000],
  ["all calls of a delivery", 539_000],
])("COST-6: %s evaluates at most %i bytes", (what, bound) => {
  expect(sizes[what]).toBeLessThanOrEqual(bound);
  // A bound far above says nothing.
  expect(sizes[what]).toBeGreaterThan(bound * 0.9);
});
