import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyHashSet } from "./manifests.js";

/** Hashes that meet often, those at the ends of 64 bits, and any. */
const anyHash = fc.oneof(
  fc.bigInt({ min: 0n, max: 20n }),
  fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

test("an empty bag has nothing", () => {
  expect(new KeyHashSet().has(0n)).toBe(false);
});

test("a bag counts what was added to it, however additions and questions alternate", () => {
  const steps = fc.array(fc.record({ add: fc.array(anyHash, { maxLength: 8 }), ask: fc.array(anyHash) }));
  fc.assert(
    fc.property(steps, (all) => {
      const bag = new KeyHashSet();
      const model = new Map<bigint, number>();
      for (const { add, ask } of all) {
        bag.add(BigInt64Array.from(add));
        for (const hash of add) model.set(hash, (model.get(hash) ?? 0) + 1);
        for (const hash of [...ask, ...add]) {
          expect(bag.has(hash)).toBe(model.has(hash));
          expect(bag.count(hash)).toBe(model.get(hash) ?? 0);
        }
      }
      for (const [hash, times] of model) expect(bag.count(hash)).toBe(times);
    }),
  );
});
