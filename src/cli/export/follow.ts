import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../api/apiError.js";
import { CliError } from "../terminal/exit.js";
import type { ExportClient, ExportedRow, JsonSchema, Page, Position } from "./client.js";
import { columnsOf } from "./columns.js";
import { newTable, type State, type StateFile, type TableState } from "./files.js";
import type { Sink } from "./sinks.js";

/** Answers to a position that is too old to go on from. */
const EXPIRED = new Set(["InvalidWindowToReadDocuments", "SnapshotTooOld", "InvalidListSnapshotCursor"]);

/** Bytes of answers that become one file at most: what is kept in memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface FollowOptions {
  tables: readonly string[];
  schemas: Readonly<Record<string, JsonSchema>>;
  rowsPerFile: number;
  /** How often to ask for changes; null ends when there are none left. */
  intervalMs: number | null;
  /** Ends it after the rows at hand are written. */
  signal: AbortSignal;
  onProgress?: (table: string, state: TableState) => void;
}

/**
 * Reads tables from where the state says, writes what comes, and keeps the state. Rows are written first and the state
 * after them: a crash in between writes the same rows again, under the same name.
 */
export async function follow(
  client: Pick<ExportClient, "page" | "schemas">,
  sink: Sink,
  state: State,
  file: StateFile,
  { tables, schemas: first, rowsPerFile, intervalMs, signal, onProgress }: FollowOptions,
): Promise<void> {
  let schemas = first;
  for (const table of tables) {
    state.tables[table] ??= newTable();
    sink.begin(table, state.tables[table]);
  }
  const isOver = () => signal.aborted;
  while (!isOver()) {
    for (const table of tables) await catchUp(table);
    if (intervalMs === null || isOver()) return;
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    // A deploy may have added fields.
    if (!isOver()) schemas = await client.schemas();
  }

  /** Reads a table to its end, and writes a file whenever there is enough for one. */
  async function catchUp(table: string): Promise<void> {
    let rows: ExportedRow[] = [];
    let bytes = 0;
    let at = state.tables[table]!.at;
    for (let hasMore = true; hasMore && !isOver();) {
      const page: Page = await read(table, at);
      // A transaction stays in one file: its page is never cut.
      rows = rows.concat(page.rows);
      bytes += page.bytes;
      ({ next: at, hasMore } = page);
      if (rows.length >= rowsPerFile || bytes >= MAX_FILE_BYTES) {
        await keep(table, rows, at);
        [rows, bytes] = [[], 0];
      }
    }
    await keep(table, rows, at);
  }

  async function read(table: string, at: Position): Promise<Page> {
    try {
      return await client.page(table, at);
    } catch (error) {
      if (!(error instanceof ApiError) || !EXPIRED.has(error.code)) throw error;
      throw new CliError(
        "PositionExpired",
        `The export of "${table}" cannot go on: its position is older than the changes that the deployment keeps (${error.code}). Run the command with --restart to write every row again.`,
        { cause: error },
      );
    }
  }

  async function keep(table: string, rows: readonly ExportedRow[], at: Position): Promise<void> {
    const known = state.tables[table]!;
    if (rows.length > 0) await sink.write(table, known, rows, columnsOf(schemas[table] ?? {}));
    else if (JSON.stringify(known.at) === JSON.stringify(at)) return;
    const next = { files: known.files + (rows.length > 0 ? 1 : 0), rows: known.rows + rows.length, at };
    file.write({ ...state, tables: { ...state.tables, [table]: next } });
    state.tables[table] = next;
    onProgress?.(table, next);
  }
}
