// @vitest-environment node
import { expect, test } from "vitest";
import { toSvg } from "./terminal.js";

/** The pieces of text with where they stand and how. */
function pieces(svg: string): [y: string, text: string, style: string][] {
  return [...svg.matchAll(/<text y="(\d+)"[^>]*>(.*?)<\/text>/g)].flatMap(([, y, line]) =>
    [...line!.matchAll(/<tspan x="[\d.]+" textLength="[\d.]+"(.*?)>(.*?)<\/tspan>/g)].map(
      ([, style, text]) => [y!, text!, style!.trim()] as [string, string, string],
    ),
  );
}

test("colours, bold and dim become styles, and special characters are escaped", () => {
  const svg = toSvg({
    command: "cmd <x>",
    frames: ["plain \u001B[32mgreen\u001B[39m \u001B[1mbold & \u001B[22m\u001B[2mdim\u001B[22m\n"],
  });
  expect(pieces(svg).map(([, text, style]) => [text, style])).toEqual([
    ["$ ", 'fill="#7ee787" font-weight="bold"'],
    ["cmd &lt;x&gt;", 'font-weight="bold"'],
    ["plain ", ""],
    ["green", 'fill="#7ee787"'],
    [" ", ""],
    ["bold &amp; ", 'font-weight="bold"'],
    ["dim", 'fill-opacity="0.6"'],
  ]);
  expect(svg).toContain("<title>cmd &lt;x&gt;</title>");
});

test("long lines are folded, in all their styles", () => {
  const rows = new Map<string, string>();
  for (const [y, text] of pieces(
    toSvg({ command: "c", frames: [`${"a".repeat(100)}\u001B[31m${"b".repeat(150)}`] }),
  ))
    rows.set(y, (rows.get(y) ?? "") + text);
  expect([...rows.values()]).toEqual([
    "$ c",
    "a".repeat(100) + "b".repeat(16),
    "b".repeat(116),
    "b".repeat(18),
  ]);
});

test("several frames take turns, one does not move", () => {
  expect(toSvg({ command: "c", frames: ["a", "b", "c"] }).match(/<g class="f"/g)).toHaveLength(3);
  expect(toSvg({ command: "c", frames: ["a"] })).not.toContain("animation");
});

test("what it cannot draw is said", () => {
  expect(() => toSvg({ command: "c", frames: ["\u001B[48m"] })).toThrow("48");
});
