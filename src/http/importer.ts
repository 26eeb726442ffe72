import type { Change, Encoding } from "../changes/change.js";
import type { Prepared } from "../changes/row.js";
import type { MirrorContract } from "../schema/contract.js";

/** How a connector delivers, in Airbyte's words. */
export type SyncMode = "append" | "append_dedup" | "overwrite";

/** A mirror, as adapters need to know it. */
export interface Mirror {
  /** The app's table. */
  readonly name: string;
  readonly contract: MirrorContract;
}

/**
 * What the HTTP adapters ask of the importer. The adapters translate envelopes into changes and know nothing of the
 * component; `StreamingImport` implements this and knows nothing of connectors.
 */
export interface Importer {
  /** Opens a session for whoever holds this token. @throws HttpError 401 when nobody does. */
  open(token: string): Promise<ImportSession>;
}

/** What one authenticated request may do. */
export interface ImportSession {
  /** The mirror that a connector means by a stream name (already cleaned), or null. */
  find(stream: string): Mirror | null;
  /** The only mirror whose source has this stream in whatever namespace, or null. For clients that drop the namespace. */
  findByBareStream(stream: string): Mirror | null;
  /** @throws HttpError 403 when the token does not open the mirror. */
  authorize(mirror: Mirror): void;
  /** Converts changes to the mirror's types. @throws HttpError 400 at the first row that cannot be stored. */
  prepare(mirror: Mirror, changes: readonly Change[], encoding: Encoding): Prepared[];
  /** Applies prepared rows in order, in as many transactions as the platform's limits ask for. */
  deliver(mirror: Mirror, rows: readonly Prepared[], options: { syncMode: SyncMode; run?: string }): Promise<void>;
  /**
   * Begins a full refresh, or finds the one that `openedBy` began (`resume`). A mirror with a primary key keeps its
   * rows until the refresh is whole; one without is emptied when the refresh begins.
   */
  beginRefresh(mirror: Mirror, options: { openedBy: string; resume: boolean }): Promise<string>;
  /** Says that a refresh is whole. */
  finish(run: string): Promise<void>;
  /** Shows people that a stream has no mirror. */
  recordUnknownStream(stream: string, snippet: string): Promise<void>;
  /** Shows people why a mirror does not move. */
  recordFailure(mirror: Mirror, error: unknown): Promise<void>;
  /** Shows that the connector is alive, when a request carries no rows. */
  touch(): Promise<void>;
}
