import { describe, expect, test, vi } from "vitest";
import type { HttpError } from "./errors.js";
import { isObject } from "../core/rows/values.js";
import { jsonObjectOf, MAX_BODY_BYTES, readBody, tokenOf } from "./request.js";

const URL = "https://example.convex.site/";

function refusal(run: () => unknown): Partial<HttpError> {
  try {
    run();
  } catch (error) {
    return error as HttpError;
  }
  throw new Error("nothing was refused");
}

describe("tokenOf", () => {
  const token = (header: string | null) =>
    tokenOf(new Request(URL, header === null ? {} : { headers: { Authorization: header } }));

  test.each(["Convex abc", "convex abc", "CONVEX\tabc", "Bearer abc", "Convex   abc  "])("%j", (header) => {
    expect(token(header)).toBe("abc");
  });

  test("takes a deployment key for a token like any other", () => {
    expect(token("Convex prod:happy-animal-123|abc=")).toBe("prod:happy-animal-123|abc=");
  });

  test.each([
    [null, 403, "BadDeployKey"],
    ["", 400, "InvalidHeaderFailure"],
    ["Convex", 400, "InvalidHeaderFailure"],
    ["abcdefgh", 400, "InvalidAdminKey"],
    ["Convexabc", 400, "InvalidAdminKey"],
    ["Basic abc", 400, "InvalidAdminKey"],
    ["Convex a b", 400, "InvalidAdminKey"],
  ])("%j is refused", (header, status, code) => {
    expect(refusal(() => token(header))).toMatchObject({ status, code });
  });
});

describe("a JSON body", () => {
  const read = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const request = new Request(URL, { method: "POST", body: body as BodyInit, headers });
    return jsonObjectOf(request, await readBody(request));
  };

  test("reads what is an object, numbers without loss", async () => {
    expect(await read('{"a": [1, 9007199254740993, "ü"], "b": {"c": null}}')).toEqual({
      a: [1, 9007199254740993n, "ü"],
      b: { c: null },
    });
  });

  test("does not ask for a Content-Type", async () => {
    expect(await read("{}", { "Content-Type": "text/plain" })).toEqual({});
  });

  test("takes a byte order mark for nothing", async () => {
    expect(await read(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toEqual({});
  });

  test.each([
    ["", "BadJsonBody"],
    ["nonsense", "BadJsonBody"],
    ["[]", "BadJsonBody"],
    ['"text"', "BadJsonBody"],
    ["null", "BadJsonBody"],
    ["{} {}", "BadJsonBody"],
    ['{"a": NaN}', "BadJsonBody"],
    ["{'a': 1}", "BadJsonBody"],
  ])("%j is refused", async (body, code) => {
    await expect(read(body)).rejects.toMatchObject({ status: 400, code });
  });

  test("that is no UTF-8 is refused", async () => {
    const body = new TextEncoder().encode('{"a":"??"}');
    expect(await read(body)).toEqual({ a: "??" });
    body.set([0xc3, 0x28], body.indexOf(0x3f));
    await expect(read(body)).rejects.toMatchObject({ status: 400, code: "BadJsonBody" });
  });

  test("of exactly the limit is read, one byte more is not", async () => {
    const text = '{"a":""}';
    const fit = text.replace('""', `"${"x".repeat(MAX_BODY_BYTES - text.length)}"`);
    expect(Object.keys(await read(fit))).toEqual(["a"]);
    await expect(read(`${fit} `)).rejects.toMatchObject({ status: 413, code: "BodyTooLarge" });
  });

  test("with a Content-Length that says too much is refused unread", async () => {
    const headers = { "Content-Length": String(MAX_BODY_BYTES + 1) };
    await expect(read("{}", headers)).rejects.toMatchObject({ status: 413 });
    expect(await read("{}", { "Content-Length": "nonsense" })).toEqual({});
  });
});

test("isObject", () => {
  expect(isObject({}) && isObject({ a: 1 })).toBe(true);
  expect([null, undefined, [], "a", 1, true, 1n].some((value) => isObject(value))).toBe(false);
});

describe("a name in another script", () => {
  test.each([
    ["as it is", '{"Größe": 1}', "source_grosse"],
    ["escaped", '{"\\u0434\\u0435\\u043d\\u044c": 1}', "source_den"],
  ])("%s loads what cleans it, and no other name does", async (_, body, cleaned) => {
    vi.resetModules();
    try {
      // Modules as a new context has them.
      const fresh = await import("./request.js");
      const { cleanFields } = await import("../core/rows/identifiers.js");
      const read = async (text: string) =>
        cleanFields(await fresh.jsonObjectOf(new Request(URL), new TextEncoder().encode(text)));
      expect(Object.keys(await read('{"_id": 1}'))).toEqual(["source_id"]);
      expect(() => cleanFields({ Größe: 1 })).toThrow("Scripts were not loaded");
      expect(Object.keys(await read(body))).toEqual([cleaned]);
    } finally {
      vi.resetModules();
    }
  });
});
