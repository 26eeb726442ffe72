import { structuredPatch } from "diff";
import { style } from "./style.js";

/** The change of a file as a unified diff; empty when there is none. `before` is null for a new file. */
export function unifiedDiff(file: string, before: string | null, after: string | null): string {
  if (before === after) return "";
  const { hunks } = structuredPatch(file, file, before ?? "", after ?? "", "", "", { context: 3 });
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: body }) => [
    `@@ -${String(oldStart)},${String(oldLines)} +${String(newStart)},${String(newLines)} @@`,
    ...body.map((line) => line.replace(/\r$/, "")),
  ]);
  return [`--- ${before === null ? "/dev/null" : file}`, `+++ ${file}`, ...lines].join("\n");
}

/** A unified diff in the colours of a terminal. */
export function coloured(diff: string): string {
  return diff
    .split("\n")
    .map((line) => {
      if (line.startsWith("---") || line.startsWith("+++")) return style.bold(line);
      if (line.startsWith("@@")) return style.cyan(line);
      if (line.startsWith("+")) return style.green(line);
      return line.startsWith("-") ? style.red(line) : style.dim(line);
    })
    .join("\n");
}
