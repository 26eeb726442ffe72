import { readFileSync } from "node:fs";
import { FIXTURE } from "./programs.js";

/**
 * Two apps that export a table, beside the fixture's: `exporting` has guarded builders, `unguarded` has none yet. A
 * program has them when it names their files.
 */
export const EXPORTING = filesOf("exporting", "schema.ts", "functions.ts", "_generated/server.ts");
export const UNGUARDED = filesOf("unguarded", "schema.ts", "_generated/server.ts");

function filesOf(app: string, ...files: string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    files.map((file) => [`${app}/${file}`, readFileSync(`${FIXTURE}/${app}/${file}`, "utf8")]),
  );
}
