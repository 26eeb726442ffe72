import { expect, test } from "vitest";
import { hashToken, newToken } from "./token.js";

test("a token has 256 random bits behind a prefix, and nothing that Convex reads in a header", () => {
  const { token } = newToken();
  expect(token).toMatch(/^csi_[0-9a-f]{64}$/);
  expect(token).not.toMatch(/[:|\s]/);
});

test("no two tokens are alike", () => {
  const tokens = Array.from({ length: 100 }, () => newToken());
  expect(new Set(tokens.map(({ token }) => token)).size).toBe(100);
  expect(new Set(tokens.map(({ hash }) => hash)).size).toBe(100);
});

test("what is stored of a token is its SHA-256 and its first ten characters", () => {
  const { token, hash, startsWith } = newToken();
  expect(hash).toBe(hashToken(token));
  expect(startsWith).toBe(token.slice(0, 10));
  expect(hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
