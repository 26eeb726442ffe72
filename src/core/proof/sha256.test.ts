import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, hmacSha256, sha256, sha256Hex, toHex } from "./sha256.js";

const encoder = new TextEncoder();

async function platformsHash(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

async function platformsHmac(key: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", imported, data)));
}

describe("SHA-256", () => {
  test.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
  ])("of %j is that of FIPS 180-4", (text, hash) => {
    expect(sha256Hex(text)).toBe(hash);
  });

  test("is that of the platform at every length up to five blocks", async () => {
    const bytes = Uint8Array.from({ length: 321 }, (_, i) => (i * 97 + 13) % 256);
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.slice(0, length);
      expect(sha256Hex(part), String(length)).toBe(await platformsHash(part));
    }
  });

  test("is that of the platform for any bytes, of a view as well", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), fc.nat(9), async (bytes, offset) => {
        const within = new Uint8Array(offset + bytes.length);
        within.set(bytes, offset);
        expect(sha256Hex(within.subarray(offset))).toBe(await platformsHash(Uint8Array.from(bytes)));
      }),
    );
  });

  test("of half a mebibyte of text is that of the platform", async () => {
    const text = "é".repeat(2 ** 18);
    expect(sha256Hex(text)).toBe(await platformsHash(encoder.encode(text)));
  });

  test("gives bytes that the next hash leaves alone", () => {
    const first = sha256("a");
    const kept = toHex(first);
    sha256("b");
    expect(toHex(first)).toBe(kept);
  });
});

test("HMAC-SHA-256 is that of the platform, with short and long keys", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.string(), async (key, text) => {
      expect(toHex(hmacSha256(key, text))).toBe(
        await platformsHmac(Uint8Array.from(key), encoder.encode(text)),
      );
    }),
  );
});

test("hexadecimal digits are written and read back", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(toHex(bytes).slice(0, 12)).toBe("000102030405");
  expect(fromHex(toHex(bytes))).toEqual(bytes);
});
