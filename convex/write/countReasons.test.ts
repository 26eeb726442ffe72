import { expect, test } from "vitest";
import { reasonOf } from "./countReasons.js";

test.each([
  ['The field "tags": found "x".', "TypeMismatch tags", "tags"],
  ['The field "address.lines.0": found 1.', "TypeMismatch address", "address"],
  ["The row: it has no key.", "TypeMismatch", undefined],
])("%s is of the reason %s", (message, reason, field) => {
  expect(reasonOf({ code: "TypeMismatch", message })).toEqual({ reason, field });
});
