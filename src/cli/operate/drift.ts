import type { CommonOptions } from "../deployment/options.js";
import { ago, print, table } from "../terminal/output.js";
import { count } from "../../core/words.js";
import { driftSnippet, type DriftEntry } from "../../schema/driftSnippet.js";
import type { Io } from "../terminal/io.js";
import { adminOf } from "./quarantine.js";

/** How the kinds of drift read in a table. */
const KINDS: Record<string, string> = {
  unknownField: "not declared",
  coerced: "converted",
  discardedValue: "left out",
  missingField: "missing",
};

/** Shows what a source sends and the schema does not expect, with the lines that declare it. */
export async function drift(
  io: Io,
  mirror: string,
  options: CommonOptions & { forget?: boolean },
): Promise<void> {
  const admin = await adminOf(io, mirror, options);
  const entries = await admin.component<(DriftEntry & { lastSeenAt: string })[]>("write/drift:list", {
    mirror,
  });
  const snippet = driftSnippet(entries);
  if (options.forget === true) await admin.component("write/drift:forget", { mirror });
  print(io, options.json, { entries, snippet }, () => {
    if (entries.length === 0) return `The source of "${mirror}" matches the schema.`;
    if (options.forget === true) return `${count(entries.length, "difference")} of "${mirror}" forgotten.`;
    const rows = entries.map(({ field, kind, from, times, lastSeenAt }) => [
      field,
      KINDS[kind] ?? kind,
      from,
      times,
      ago(lastSeenAt),
    ]);
    return [
      table(["field", "difference", "sent as", "times", "last"], rows, io.stdout.columns),
      "",
      `Add to the fields of "${mirror}" in convex/schema.ts, then deploy:`,
      "",
      snippet,
    ].join("\n");
  });
}
