import { jsonPlace } from "../../../core/jsonPlace.js";
import type { Json } from "../../../core/rows/values.js";
import { parseJson } from "../../../core/rows/json.js";
import { readText } from "../../files/source.js";
import { CliError } from "../../terminal/exit.js";

/**
 * Reads a JSON file.
 *
 * @param isWanted Tells which line is meant in a file that has a JSON text on each.
 * @throws CliError
 */
export async function readJsonFile(file: string, isWanted?: (json: Json) => boolean): Promise<Json> {
  let text = "";
  try {
    text = await readText(file);
    return (isWanted === undefined ? undefined : lineOf(text, isWanted)) ?? parseJson(text);
  } catch (error) {
    if (error instanceof CliError)
      throw error.code === "FileNotFound" ? error : new CliError("SourceUnreadable", error.message);
    throw new CliError("SourceUnreadable", `${file} is not valid JSON: ${jsonPlace(text)}.`);
  }
}

function lineOf(text: string, isWanted: (json: Json) => boolean): Json | undefined {
  for (const line of text.split("\n")) {
    try {
      const json = parseJson(line);
      if (isWanted(json)) return json;
    } catch {
      // A log, or a part of a JSON text that takes many lines.
    }
  }
  return undefined;
}

export function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
