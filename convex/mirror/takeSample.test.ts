import { expect, test } from "vitest";
import { MAX_SAMPLES, thin } from "./takeSample.js";

test("keeps what is within bounds", () => {
  expect(thin([1, 2, 3], 4)).toEqual([1, 2, 3]);
});

test("thins the older half when there are too many", () => {
  expect(thin([1, 2, 3, 4, 5, 6, 7, 8], 7)).toEqual([1, 3, 5, 6, 7, 8]);
});

test("never holds more than it may, keeps the first and the last, and the newest half whole", () => {
  let kept: number[] = [];
  for (let i = 0; i < 5_000; i++) {
    kept = thin([...kept, i]);
    expect(kept.length).toBeLessThanOrEqual(MAX_SAMPLES);
  }
  expect(kept[0]).toBe(0);
  expect(kept.slice(-MAX_SAMPLES / 4)).toEqual(Array.from({ length: MAX_SAMPLES / 4 }, (_, i) => 4_970 + i));
});
