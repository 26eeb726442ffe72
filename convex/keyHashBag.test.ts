import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyHashSet } from "./keyHashSet.js";

/** Hashes that meet often, those at the ends of 64 bits, and any. */
const anyHash = fc.oneof(
  fc.bigInt({ min: 0n, max: 20n }),
  fc.constantFrom(0n, 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

test("an empty set has nothing", () => {
  expect(new KeyHashSet().has(0n)).toBe(false);
});

test("a set has what was added to it and nothing else, however additions and questions alternate", () => {
  const steps = fc.array(fc.record({ add: fc.array(anyHash, { maxLength: 8 }), ask: fc.array(anyHash) }));
  fc.assert(
    fc.property(steps, (all) => {
      const set = new KeyHashSet();
      const model = new Set<bigint>();
      for (const { add, ask } of all) {
        set.add(BigUint64Array.from(add));
        for (const hash of add) model.add(hash);
        for (const hash of [...ask, ...add]) expect(set.has(hash)).toBe(model.has(hash));
      }
      for (const hash of model) expect(set.has(hash)).toBe(true);
    }),
  );
});
