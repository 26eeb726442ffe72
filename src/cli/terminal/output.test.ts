import { expect, test } from "vitest";
import { jsonOf, table, visible } from "./output.js";

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
  "\u061c",
];

test.each(HOSTILE)("what a row says does not steer the terminal: %j", (text) => {
  const shown = visible(`a ${text} b`);
  expect(shown).not.toMatch(/[^\n\t\x20-\x7e]/);
  expect(shown).toContain(`\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}`);
  expect(table(["key"], [[text]])).not.toMatch(/[^\n\t\x20-\x7e]/);
  expect(jsonOf({ [text]: text })).not.toMatch(/[^\x20-\x7e]/);
  expect(JSON.parse(jsonOf({ [text]: text }))).toEqual({ [text]: text });
});

test("a cell of a table is a line, and text of any language stays as it is", () => {
  expect(table(["key"], [["a\nb\tc"]]).split("\n")).toEqual(["key", "a\\nb\\tc"]);
  expect(visible("日本 é 👍\n\tx")).toBe("日本 é 👍\n\tx");
});

test("a table fits its terminal: the last column goes below, the longest cell is cut, the first one never", () => {
  const id = "0000000000000000010604quarantine";
  const reason =
    'InvalidBytes: the field "by" has text where base64 belongs. Encode the bytes at the source.';
  const rows = [
    [id, "k".repeat(60), 1_200, reason],
    [id, "k", 3, null],
  ];
  const lines = table(["id", "key", "times", "reason"], rows, 80).split("\n");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/^0000000000000000010604quarantine {2}k+… {2}1,200$/);
  expect(
    lines
      .slice(2, 4)
      .map((line) => line.trim())
      .join(" "),
  ).toBe(reason);
  expect(table(["id", "key", "times", "reason"], rows)).toContain(reason);
});
