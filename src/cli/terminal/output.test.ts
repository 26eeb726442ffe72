import { expect, test } from "vitest";
import { table, visible } from "./output.js";

const ESC = "\u001b";
const HOSTILE = [
  `${ESC}]0;PWNED\u0007`,
  `${ESC}[2J`,
  `${ESC}[8m`,
  `${ESC}[31m`,
  "\u009b2J",
  "\r",
  "\b",
  "\u007f",
  "\u202e",
  "\u2066",
];

test.each(HOSTILE)("what a row says does not steer the terminal: %j", (text) => {
  const shown = visible(`a ${text} b`);
  expect(shown).not.toMatch(/[^\n\t\x20-\x7e]/);
  expect(shown).toContain(`\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}`);
  expect(table(["key"], [[text]])).not.toMatch(/[^\n\t\x20-\x7e]/);
});

test("a cell of a table is a line, and text of any language stays as it is", () => {
  expect(table(["key"], [["a\nb\tc"]]).split("\n")).toEqual(["key", "a\\nb\\tc"]);
  expect(visible("日本 é 👍\n\tx")).toBe("日本 é 👍\n\tx");
});
