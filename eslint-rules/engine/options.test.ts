// @vitest-environment node
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { functionsOfConvexJson, GuardConfigurationError, readOptions } from "./options.js";

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

describe("functions in convex.json", () => {
  const functionsIn = (text: string) =>
    functionsOfConvexJson({ sys: { ...ts.sys, readFile: () => text } }, "/app");

  it.each([
    ["{}", null],
    ['{ "functions": ".//backend//" }', "backend"],
    ['{ "functions": "../server" }', "../server"],
  ])("of %s are %j", (text, functions) => {
    expect(functionsIn(text)).toBe(functions);
  });

  it.each(['{ "functions": 1 }', '{ "functions": null }', '{ "functions": "" }', "[]", "1"])(
    "of %s are an error, not the default",
    (text) => {
      expect(() => functionsIn(text)).toThrow(GuardConfigurationError);
      expect(() => functionsIn(text)).toThrow(
        '/app/convex.json must be an object whose "functions" is a path',
      );
    },
  );
});
