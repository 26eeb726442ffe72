import type { Doc } from "../_generated/dataModel.js";

/**
 * The number of a mirror's rows, and the counts that it follows from: rows = inserted - deleted - removed + copied.
 * Rows that somebody wrote past the importer are in no count until a sweep, an audit or a clearing meets them.
 */
type RowCount = Pick<Doc<"mirrors">, "rows" | "removed" | "copied">;

/** After the importer has added rows, or deleted some. If it deleted more than there were, the others were not its own. */
export function changedBy(
  { rows, copied }: Pick<RowCount, "rows" | "copied">,
  delta: number,
): Pick<RowCount, "rows" | "copied"> {
  const foreign = Math.max(0, -(rows + delta));
  return { rows: rows + delta + foreign, copied: copied + foreign };
}

/** After somebody has counted the rows. */
export function recounted({ rows, removed, copied }: RowCount, found: number): RowCount {
  return {
    rows: found,
    removed: removed + Math.max(0, rows - found),
    copied: copied + Math.max(0, found - rows),
  };
}
