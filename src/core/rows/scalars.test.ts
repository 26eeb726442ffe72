import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64 } from "./scalars.js";

const decoded = (text: string) => {
  const bytes = decodeBase64(text);
  return bytes === null ? null : [...new Uint8Array(bytes)];
};

test("any bytes come back from either alphabet, padded or not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = btoa(String.fromCharCode(...bytes));
      const url = text.replaceAll("+", "-").replaceAll("/", "_");
      const broken = text.replace(/.{16}/g, "$&\r\n");
      for (const form of [
        text,
        url,
        broken,
        `${broken.replaceAll("\r", "")}\n`,
        text.replace(/=+$/, ""),
        url.replace(/=+$/, ""),
      ]) {
        expect(decoded(form)).toEqual([...bytes]);
      }
    }),
  );
});

test.each([
  "A",
  "AAAAA",
  "AA=",
  "AAA==",
  "AAAA=",
  "A===",
  "=",
  "AA==AA==",
  "+_AA",
  "AB==",
  "AAB=",
  " AA==",
  "AA==\t",
  "AA ==",
  "é",
  "AA*A",
])("%j is not base64", (text) => {
  expect(decoded(text)).toBe(null);
});
