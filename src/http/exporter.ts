import type { Value, ValidatorJSON } from "convex/values";

/** A table that may be exported, as the routes need to know it. */
export interface ExportedTable {
  readonly name: string;
  /** The validator of its documents, in Convex's own JSON. */
  readonly document: ValidatorJSON;
  /** Fields that never leave the deployment. */
  readonly exclude: readonly string[];
}

export type ExportedRow = Readonly<Record<string, Value | undefined>>;

/** A page of a walk over the rows of a table as they are. */
export interface SnapshotPage {
  rows: readonly ExportedRow[];
  /** Where the table's next page begins; null at its end. */
  cursor: string | null;
  /** The moment from which on the changes complete the walk, in nanoseconds. */
  snapshot: bigint;
}

/** A row that was written, as it is now, or the id of one that is gone. */
export interface ExportedChange {
  table: string;
  id: string;
  /** When the change that a page ends with was committed, in nanoseconds. */
  at: bigint;
  row: ExportedRow | null;
}

export interface ChangesPage {
  changes: readonly ExportedChange[];
  /** All changes up to there are in this page or in those before it. */
  cursor: bigint;
  hasMore: boolean;
  /** The moment of which the rows are. */
  snapshot: bigint;
}

/** What a request says about its reader, for people. */
export interface ReaderNote {
  /** Tables that it reads. */
  tables: readonly string[];
  kind: "snapshot" | "changes";
  /** How far it has come with this page. */
  cursor: bigint;
  /** Whether it has come to the end. */
  atEnd: boolean;
  rows: number;
  /** As the client names itself. */
  client: string | null;
  /** A sync of `data/sync`, with its status as JSON text. */
  sync?: { id: string; status: string };
}

/** What one authenticated request of a reader may do. */
export interface ExportSession {
  /** Its body, read once. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The tables that the token opens and the app exports, in the order of the schema. */
  readonly tables: readonly ExportedTable[];
  /** A page of a table; with no table only the moment. `snapshot` is that of the first page of the walk. */
  snapshotPage(table: string | null, cursor: string | null, snapshot: bigint | null): Promise<SnapshotPage>;
  /** The changes of tables since a cursor. */
  changes(tables: readonly string[], cursor: bigint): Promise<ChangesPage>;
  /** Shows people how far a reader has come. */
  note(note: ReaderNote): Promise<void>;
  /** The syncs of the token that have read in the last three days, newest first. */
  syncs(): Promise<{ id: string; lastPageAt: string; status: string }[]>;
}

/** Opens sessions of readers. */
export interface Exporter {
  /** @throws HttpError when the token is unknown, or none for export. */
  openExport(request: Request): Promise<ExportSession>;
}
