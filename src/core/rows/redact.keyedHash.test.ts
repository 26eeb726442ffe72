import { expect, test } from "vitest";
import { keyedHash } from "./redact.js";

test("is HMAC-SHA-256 over UTF-8, in hexadecimal (RFC 4231)", () => {
  expect(keyedHash("Jefe")("what do ya want for nothing?")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  expect(keyedHash(new Uint8Array(20).fill(0x0b))("Hi There")).toBe(
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  );
});

test("can be used again, and depends on key and text", () => {
  const hash = keyedHash("key");
  expect(hash("a")).toBe(hash("a"));
  expect(hash("a")).not.toBe(hash("b"));
  expect(hash("a")).not.toBe(keyedHash("other")("a"));
  expect(hash("")).toMatch(/^[0-9a-f]{64}$/);
});
