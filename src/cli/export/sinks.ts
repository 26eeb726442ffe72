import type { ExportedRow } from "./client.js";
import type { Column } from "./columns.js";
import { dataFile, DISK, removeUnknown, writeAtomically, type Disk, type TableState } from "./files.js";
import { encode, jsonLine, type Format } from "./formats.js";
import type { Output } from "../terminal/io.js";
import { visible } from "../terminal/output.js";

/** Where rows are written to. */
export interface Sink {
  /** Called for a table before its first rows of this run. */
  begin(table: string, known: TableState): void;
  /** Writes rows so that they are safe when it returns. */
  write(
    table: string,
    known: TableState,
    rows: readonly ExportedRow[],
    columns: readonly Column[],
  ): Promise<void>;
}

/** Files in a folder per table. A file that the state does not know is written again. */
export class FolderSink implements Sink {
  constructor(
    private readonly folder: string,
    private readonly format: Format,
    private readonly disk: Disk = DISK,
  ) {}

  begin(table: string, { files }: TableState): void {
    removeUnknown(this.disk, this.folder, table, files);
  }

  async write(
    table: string,
    { files }: TableState,
    rows: readonly ExportedRow[],
    columns: readonly Column[],
  ) {
    const content = await encode(this.format, rows, columns);
    writeAtomically(this.disk, dataFile(this.folder, table, files + 1, this.format), content);
  }
}

/** Lines of JSON that say their table. */
export class StreamSink implements Sink {
  constructor(private readonly out: Output) {}

  begin(): void {
    // Nothing can be taken back from a stream.
  }

  async write(table: string, _known: TableState, rows: readonly ExportedRow[]) {
    const text = rows.map((row) => `${visible(jsonLine(row, table))}\n`).join("");
    await new Promise<void>((resolve, reject) => {
      this.out.write(text, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
