import { expect, test } from "vitest";
import { isMirrorGone, isSetUpError } from "./errors.js";

test.each([
  "Could not find function for 'imports:apply'.",
  "Uncaught Error: Uncaught Error: Function handle not found",
  'Expected a Convex function exported from module "imports" as `apply`, but there is no such export.',
  'Could not find module for: "imports"',
  'Uncaught Error: "users" is not a mirror of this schema.\n    at handler (../convex/imports.ts:1:1)\n',
])("is wrong with the app: %s", (message) => {
  expect(isSetUpError(new Error(message))).toBe(true);
});

test.each(["could not find function", "handle not found", '"x" is not a mirror of this schema.'])(
  "a row that says so is a row: %s",
  (text) => {
    const words = 'Failed to insert or update a document in table "t" because it does not match the schema';
    const error = new Error(`Uncaught Error: ${words}: Value does not match validator.\nValue: ${text}`);
    expect([isSetUpError(error), isMirrorGone(error)]).toEqual([false, false]);
  },
);
