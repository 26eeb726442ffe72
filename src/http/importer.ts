import type { ObjectFieldType } from "convex/values";
import type { Counts, Watermark } from "../core/wire/changes.js";
import type { Refresh } from "../core/wire/validators.js";
import type { Change, RowEncoding } from "../core/rows/change.js";
import type { Json, JsonObject } from "../core/rows/values.js";
import type { MirrorContract } from "../schema/contract.js";

/** How a connector delivers, in Airbyte's words. */
export type SyncMode = "append" | "append_dedup" | "overwrite";

/** A mirror, as adapters need to know it. */
export interface Mirror {
  /** The app's table. */
  readonly name: string;
  readonly contract: MirrorContract;
  /** As connectors name the stream, cleaned: "public_customers". */
  readonly stream: string;
  /** The same without the namespace: "customers". */
  readonly bareStream: string;
  /** The validators of its rows, in Convex's own JSON. */
  readonly fields: Readonly<Record<string, ObjectFieldType>>;
}

/**
 * What the HTTP adapters ask of the importer. The adapters translate envelopes into changes and know nothing of the
 * component; `StreamingImport` implements this and knows nothing of connectors.
 */
export interface Importer {
  /**
   * Opens a session for the token of a request. If the token requires signed bodies, the body is verified too.
   * @param maxBodyBytes The largest body accepted, where it is another than that of most routes.
   * @throws HttpError 401 when the token is unknown, 403 when the signature is missing or wrong, 413.
   */
  open(request: Request, maxBodyBytes?: number): Promise<ImportSession>;
}

/** Changes of one mirror, converted and ready to be applied. Opaque to adapters. */
export interface PreparedChanges {
  readonly mirror: Mirror;
  readonly size: number;
}

/** A change that waits in quarantine. */
export interface WaitingChange {
  readonly id: string;
  readonly op: string;
  /** The key of its row, in Convex's encoded JSON; null when it could not be read. */
  readonly key: readonly Json[] | null;
  /** As it arrived, in whatever encoding; null when it was too large to keep. */
  readonly row: JsonObject | null;
}

/** What became of a delivery. */
export interface Delivered {
  counts: Counts;
  /** Keys of the first quarantined changes, as JSON text. */
  quarantinedKeys: string[];
  /** It had been applied before; this is the answer of then. */
  replayed: boolean;
}

export interface DeliverOptions {
  /** How the connector delivers, when it is in no run that says so. */
  syncMode?: SyncMode;
  /** The run that the sender is in; without it, the mirror's current one or a new one. */
  run?: string;
  /** When the source committed the newest of the changes, in milliseconds. */
  committedAt?: number;
  /** How far the sender has read its source with this delivery. */
  reach?: Watermark;
  /** The sender's name for the delivery: it is applied once, however often it is sent. */
  delivery?: { identity: string; sequence: number; content: string };
  /**
   * What a full refresh does with the rows of a mirror that has no key: match them by content, or append them, because
   * the mirror was emptied when it began.
   */
  keylessRefresh: "content" | "append";
  /** Wait for the write budget, for connectors that do not retry. */
  patient: boolean;
}

/** How a run begins, for connectors that say when it is done. */
export interface BeginOptions {
  syncMode: SyncMode;
  /** Null is an incremental run. */
  refresh: Refresh | null;
  /** The mirror's epoch as the connector knows it: the run begins only if no other has begun since. */
  epoch?: number;
  /** How long the connector may be silent before it counts as died. */
  silenceMs?: number;
}

/** What a sender says of a run that is complete. */
export interface FinishOptions {
  /** How far it has read its source. */
  reach?: Watermark | undefined;
  /** It knows that the refresh deletes more than the mirror's limit allows. */
  allowShrink?: boolean;
  /** It cannot retry, so it is kept waiting while the deployment is too busy. */
  patient?: boolean;
}

/** A run that was begun. See `runs.begin` of the component. */
export interface BegunRun {
  run: string;
  resumed: boolean;
  epoch: number;
  generation: number | null;
  continued: boolean;
  nextSequence: number;
  resend: string[];
}

/** What one authenticated request may do. */
export interface ImportSession {
  /** Its body, read once. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** What the token may do with the mirrors that it opens; one that may write may read. */
  readonly access: "read" | "write";
  /** All mirrors that the token opens. */
  mirrors(): Mirror[];
  /** The mirror that a connector means by a stream name (already cleaned), or null. */
  find(stream: string): Mirror | null;
  /** The only mirror whose source is this stream, in whatever namespace, or null. For clients that drop the namespace. */
  findByBareStream(stream: string): Mirror | null;
  /**
   * @param mirror Null if no such mirror is declared: a token that does not open all is not told.
   * @param named What the sender calls it.
   * @throws HttpError 403 when the token does not open the mirror for that.
   */
  authorize(mirror: Mirror | null, access: "read" | "write", named?: string): void;
  /** Converts changes to the mirror's types. @throws HttpError 400 when the mirror's drift policy refuses them. */
  prepare(mirror: Mirror, changes: readonly Change[], encoding: RowEncoding): PreparedChanges;
  /**
   * The keys of a mirror's rows, in Convex's encoded JSON, a page at a time: of all of them, or of those that have a
   * lower number at a path.
   */
  keys(mirror: Mirror, below: { path: string; value: number } | null): AsyncIterable<Json[][]>;
  /** What waits in quarantine for a mirror, oldest first, a page at a time. */
  waiting(mirror: Mirror): AsyncIterable<WaitingChange[]>;
  /** Replaces the row of a change that waits. */
  rewrite(change: WaitingChange, row: JsonObject): Promise<void>;
  /** Gives up changes that wait. */
  discard(mirror: Mirror, changes: readonly WaitingChange[]): Promise<void>;
  /** Applies prepared changes in order, in as many transactions as the platform's limits ask for. */
  deliver(changes: PreparedChanges, options: DeliverOptions): Promise<Delivered>;
  /**
   * Begins a full refresh, or finds the one that `openedBy` began (`resume`), for connectors that know nothing of
   * generations. A mirror with a primary key keeps its rows until the refresh completes; one without is cleared now.
   * Unless the connector reports when it is done (`explicit`), its silence decides. `attempt` is when the connector
   * began, in seconds since 1970, if it says so.
   * @throws a refusal (StaleRun) when a later attempt has begun.
   */
  beginRefresh(
    mirror: Mirror,
    options: { openedBy: string; attempt?: number; resume: boolean; explicit: boolean },
  ): Promise<string>;
  /**
   * Remembers mirrors without a primary key that the connector asks to clear by names that may lack the namespace, until
   * it names the streams in full.
   */
  clearWhenNamed(mirrors: readonly Mirror[]): Promise<void>;
  /**
   * Of the mirrors to clear, those whose streams are among these, named in full by the same connection. None of the
   * connection's is to be cleared any more, whatever becomes of the request.
   */
  takeToClear(streams: readonly string[]): Promise<Mirror[]>;
  /**
   * Interrupts the refreshes of a connector that stops at the first refusal. Rows that it did not send are not deleted.
   */
  cutOff(error: unknown): Promise<void>;
  /** Begins a run of a connector that says when it is done. */
  begin(mirror: Mirror, options: BeginOptions): Promise<BegunRun>;
  /** The run of a mirror that `openedBy` began and that has not ended, or null. */
  runningRun(mirror: Mirror, openedBy: string): Promise<string | null>;
  /** The run of that id, or null. */
  run(id: string): Promise<{ id: string; mirror: Mirror } | null>;
  /** Ends a run. @throws HttpError 409 if another run has taken over (epoch fencing). */
  finish(
    run: string,
    outcome: "complete" | "incomplete",
    reason: string,
    said?: FinishOptions,
  ): Promise<{ state: string; reason: string; counts: Counts }>;
  /** Every mirror that the token opens, as the registry knows it. */
  status(): Promise<unknown[]>;
  /** The write budget of all mirrors, in bytes per second, and which share of it is in use now. */
  budget(): Promise<{ bytesPerSecond: number; usedShare: number }>;
  /** Compares a mirror with its source by their digests. */
  verify(
    mirror: Mirror,
    digest: ArrayBuffer,
  ): Promise<{ equal: boolean; rows: number; differingBuckets: number[] }>;
  /** The digest of a mirror. */
  digest(mirror: Mirror): Promise<ArrayBuffer>;
  /** Shows people that a stream has no mirror. */
  recordUnknownStream(stream: string, snippet: string): Promise<void>;
  /** Shows people why a mirror does not move. */
  recordFailure(mirror: Mirror, error: unknown): Promise<void>;
  /** Shows that the connector is alive, when a request carries no rows for these mirrors. */
  heard(mirrors: readonly Mirror[]): Promise<void>;
}
