import type { ComponentApi } from "../../../convex/_generated/component.js";
import type {
  ChangesPage,
  ExportedChange,
  ExportedRow,
  ExportedTable,
  ExportSession,
  ReaderNote,
  SnapshotPage,
} from "../../http/exporter.js";
import { HttpError } from "../../http/errors.js";
import type { AppExports } from "../exports.js";
import type { RunsFunctions } from "../mirrors.js";
import { PAGE } from "./limits.js";

/** The token that a reader presents. */
export interface ReaderToken {
  id: string;
  name: string;
  /** Names of tables, for a token for export. */
  mirrors: string[];
  access: "write" | "read" | "export";
  touchDue: boolean;
}

/** One authenticated request of a reader. */
export class ReaderSession implements ExportSession {
  readonly tables: readonly ExportedTable[];

  /** @throws HttpError 400 for a token that opens nothing for export */
  constructor(
    private readonly ctx: RunsFunctions,
    private readonly component: ComponentApi,
    exports: AppExports,
    private readonly token: ReaderToken,
    readonly body: Uint8Array<ArrayBuffer>,
  ) {
    if (token.access !== "export") {
      // Not 403, which Airbyte's source takes for a stream to skip without a word.
      throw new HttpError(
        400,
        "OperationNotPermitted",
        `The token "${token.name}" imports; it does not open the export. Make one with the access "export" that names the tables.`,
      );
    }
    const opened = token.mirrors;
    this.tables = exports.all.filter(({ name }) => opened.includes("*") || opened.includes(name));
  }

  async snapshotPage(
    table: string | null,
    cursor: string | null,
    snapshot: bigint | null,
  ): Promise<SnapshotPage> {
    return await this.ctx.runQuery(this.component.exportReaders.snapshotPage, {
      table,
      cursor,
      snapshot,
      limit: PAGE.rows,
      maxBytes: PAGE.bytes,
    });
  }

  async changes(tables: readonly string[], cursor: bigint): Promise<ChangesPage> {
    const page = await this.ctx.runQuery(this.component.exportReaders.changes, {
      tables: [...tables],
      cursor,
      limit: PAGE.rows,
      maxBytes: PAGE.bytes,
    });
    const { rest, ...known } = page;
    if (rest.length === 0) return known;
    // A transaction that is too large for one query, read to its end by further ones.
    const changes: ExportedChange[] = [...known.changes];
    for (const { table, ids } of rest) {
      for (let from = 0; from < ids.length;) {
        const slice = ids.slice(from, from + PAGE.rows);
        const { rows, read } = await this.ctx.runQuery(this.component.exportReaders.rows, {
          table,
          ids: slice,
          maxBytes: PAGE.bytes,
        });
        rows.forEach((row: ExportedRow | null, i: number) =>
          changes.push({ table, id: slice[i]!, at: known.cursor, row }),
        );
        from += read;
      }
    }
    return { ...known, changes };
  }

  async note(note: ReaderNote): Promise<void> {
    console.log(
      JSON.stringify({
        event: "streamingImport.export",
        token: this.token.name,
        client: note.client,
        kind: note.kind,
        tables: note.tables.length,
        rows: note.rows,
        atEnd: note.atEnd,
      }),
    );
    if (!note.atEnd && !this.token.touchDue && note.sync === undefined) return;
    const { tables, ...rest } = note;
    await this.ctx.runMutation(this.component.readers.note, {
      token: this.token.id,
      tables: [...tables],
      ...rest,
    });
  }

  async syncs() {
    return await this.ctx.runQuery(this.component.readers.syncs, { token: this.token.name });
  }
}
