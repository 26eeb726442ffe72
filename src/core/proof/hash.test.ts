import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalBytes } from "./canonical.js";
import { contentKey, hashFromHex, hashFromInt64, hashToHex, hashToInt64, keyHash, rowHash } from "./hash.js";
import vectors from "./hash.vectors.json" with { type: "json" };

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// The vectors were checked against an implementation in another language; they are part of the package's contract.
describe("vectors", () => {
  test.each(vectors)("$name", async ({ value: json, bytes, sha256 }) => {
    const value = jsonToConvex(json as JSONValue);
    const canonical = canonicalBytes(value).slice();
    expect(hex(canonical)).toBe(bytes);
    expect(hex(new Uint8Array(await crypto.subtle.digest("SHA-256", canonical)))).toBe(sha256);
    if (Array.isArray(value)) {
      expect(hashToHex(keyHash(value))).toBe(sha256.slice(0, 16));
    } else if (typeof value === "object" && value !== null && !(value instanceof ArrayBuffer)) {
      expect(hashToHex(rowHash(value as Record<string, Value>))).toBe(sha256.slice(0, 16));
      expect(contentKey(value as Record<string, Value>)).toBe(sha256.slice(0, 32));
    }
  });

  test("cover every kind of value", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(20);
    expect(new Set(vectors.map((vector) => vector.bytes.slice(0, 2))).size).toBe(9);
  });
});

test("hashes are written and read back, as hex and as signed 64 bits", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (hash) => {
      expect(hashToHex(hash)).toMatch(/^[0-9a-f]{16}$/);
      expect(hashFromHex(hashToHex(hash))).toBe(hash);
      expect(BigInt.asIntN(64, hashToInt64(hash))).toBe(hashToInt64(hash));
      expect(hashFromInt64(hashToInt64(hash))).toBe(hash);
    }),
  );
});

test("a row's hash is not that of a row with a value of another type", () => {
  const rows: Record<string, Value>[] = [
    { a: 1 },
    { a: 1n },
    { a: "1" },
    { a: true },
    { a: null },
    { a: [1] },
    { b: 1 },
    {},
  ];
  expect(new Set(rows.map(rowHash)).size).toBe(rows.length);
  expect(rowHash({ a: 1, b: undefined as unknown as Value })).toBe(rowHash({ a: 1 }));
});
