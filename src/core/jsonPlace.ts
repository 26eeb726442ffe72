import { parse } from "lossless-json";

/**
 * Where a text stops being JSON, for people: "line 3, column 5". It quotes nothing, for the text may hold rows or keys, and
 * parsers differ in what they say.
 */
export function jsonPlace(text: string): string {
  if (text.trim() === "") return "it is empty";
  try {
    parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1];
    if (position === undefined) return "it is nested too deeply";
    const before = text.slice(0, Number(position)).split("\n");
    if (Number(position) >= text.trimEnd().length) return "it ends too early";
    return `line ${String(before.length)}, column ${String(before.at(-1)!.length + 1)}`;
  }
  return "it is not read by this parser";
}
