import { describe, expect, test } from "vitest";
import { checkPathPrefix, routesUnder } from "./routes.js";

describe("a path prefix", () => {
  test.each([
    ["", ""],
    ["/", ""],
    ["//", ""],
    ["airbyte", "/airbyte"],
    ["/airbyte", "/airbyte"],
    ["/airbyte/", "/airbyte"],
    ["//airbyte//", "/airbyte"],
    ["/imports/v1", "/imports/v1"],
    ["/a-b_c.d~e", "/a-b_c.d~e"],
  ])("%j means %j", (given, meant) => {
    expect(checkPathPrefix(given)).toBe(meant);
  });

  test.each(["/air*", "/a?b", "/a#b", "/a b", "/a\tb", "*"])("%j is refused", (given) => {
    expect(() => checkPathPrefix(given)).toThrow(/is not a path prefix; write it as "\/airbyte"/);
  });
});

describe("routes", () => {
  test("are served with one slash and with two, and no two of them alike", () => {
    for (const prefix of ["", "/airbyte"]) {
      const served = routesUnder(prefix).map(({ method, path }) => `${method} ${path}`);
      expect(served).toContain(`GET ${prefix}/version`);
      expect(served).toContain(`GET ${prefix}//version`);
      expect(served).toContain(`POST ${prefix}//api/streaming_import/replace_tables`);
      expect(new Set(served).size).toBe(served.length);
      for (const { path } of routesUnder(prefix)) expect(path).toMatch(/^\//);
    }
  });
});
