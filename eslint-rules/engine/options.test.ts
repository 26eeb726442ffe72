// @vitest-environment node
import { describe, expect, it } from "vitest";
import { GuardConfigurationError, readOptions } from "./options.js";

describe("the option trusted", () => {
  // The examples of typescript-eslint's documentation of TypeOrValueSpecifier, and their like.
  it.each([
    "Promise",
    { from: "file", name: "Foo" },
    { from: "file", name: ["Foo", "Bar"] },
    { from: "file", name: "Foo", path: "convex/forward.ts" },
    { from: "lib", name: "Promise" },
    { from: "lib", name: ["Promise", "PromiseLike"] },
    { from: "package", name: "Observable", package: "rxjs" },
    { from: "package", name: ["Observable", "Observer"], package: "rxjs" },
    { from: "package", name: "*", package: "my-package" },
  ])("takes %j", (specifier) => {
    expect(readOptions({ trusted: [specifier] }, "options").trusted).toEqual([specifier]);
  });

  it.each([
    1,
    null,
    {},
    { from: "file" },
    { from: "file", name: [] },
    { from: "file", name: "Foo", path: 1 },
    { from: "file", name: "Foo", package: "rxjs" },
    { from: "lib", name: 1 },
    { from: "package", name: "Observable" },
    { from: "pakage", name: "Observable", package: "rxjs" },
    { from: "package", name: "Observable", package: "rxjs", reason: "reviewed" },
  ])("refuses %j, which would trust something else or nothing", (specifier) => {
    expect(() => readOptions({ trusted: [specifier] }, "options")).toThrow(GuardConfigurationError);
    expect(() => readOptions({ trusted: [specifier] }, "options")).toThrow(
      'The option "trusted" in options must be',
    );
  });
});
