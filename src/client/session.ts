import type { ComponentApi } from "../../convex/_generated/component.js";
import type { RowChange } from "../../convex/validators.js";
import type { Change, Encoding } from "../changes/change.js";
import { chunkRows, MAX_CHUNK_BYTES, MAX_CHUNK_ROWS } from "../changes/chunk.js";
import { prepareRow, type Prepared } from "../changes/row.js";
import { describe, HttpError } from "../http/errors.js";
import type { ImportSession, Mirror, SyncMode } from "../http/importer.js";
import { isTransactionLimit, retryConflicts } from "./retry.js";
import { refusalOf } from "./refusals.js";
import type { AppMirrors } from "./mirrors.js";
import type { RunsFunctions } from "./context.js";

/** The token that a session was opened with. */
export interface SessionToken {
  id: string;
  name: string;
  mirrors: string[];
  touchDue: boolean;
}

/** One authenticated request: turns changes into transactions of the component. */
export class Session implements ImportSession {
  constructor(
    private readonly ctx: RunsFunctions,
    private readonly component: ComponentApi,
    private readonly mirrors: AppMirrors,
    private readonly token: SessionToken,
    private readonly settleAfterMs: number,
  ) {}

  find(stream: string): Mirror | null {
    return this.mirrors.find(stream);
  }

  findByBareStream(stream: string): Mirror | null {
    return this.mirrors.findByBareStream(stream);
  }

  authorize(mirror: Mirror): void {
    if (this.token.mirrors.includes("*") || this.token.mirrors.includes(mirror.name)) return;
    throw new HttpError(
      403,
      "OperationNotPermitted",
      `The token "${this.token.name}" does not open the mirror "${mirror.name}". Make one that does with \`npx convex run imports:createToken '{"name": "…", "mirrors": ["${mirror.name}"]}'\`.`,
    );
  }

  prepare(mirror: Mirror, changes: readonly Change[], encoding: Encoding): Prepared[] {
    const { compiled } = this.mirrors.get(mirror.name);
    return changes.map((change, i) => {
      const prepared = prepareRow(compiled, change, encoding);
      if ("problem" in prepared) throw refusalOf(prepared.problem, mirror.name, i);
      return prepared;
    });
  }

  async deliver(
    mirror: Mirror,
    rows: readonly Prepared[],
    options: { syncMode: SyncMode; run?: string },
  ): Promise<void> {
    for (const chunk of chunkRows(rows, { maxRows: MAX_CHUNK_ROWS, maxBytes: MAX_CHUNK_BYTES })) {
      await this.#applyChunk(mirror, chunk, options);
    }
  }

  /** Applies a chunk; one that the platform finds too large is applied in halves, still in order. */
  async #applyChunk(
    mirror: Mirror,
    rows: readonly Prepared[],
    options: { syncMode: SyncMode; run?: string },
  ): Promise<void> {
    const upserted = rows.filter((row) => row.op !== "delete");
    try {
      await retryConflicts(async () =>
        this.ctx.runMutation(this.component.ingest.applyChunk, {
          mirror: mirror.name,
          rows: rows.map(toRowChange),
          keyHashes: BigUint64Array.from(upserted, (row) => row.keyHash).buffer,
          bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
          append: mirror.contract.primaryKey === null,
          token: this.token.id,
          settleAfterMs: this.settleAfterMs,
          ...options,
        }),
      );
    } catch (error) {
      if (rows.length === 1 || !isTransactionLimit(error)) throw error;
      const middle = Math.ceil(rows.length / 2);
      await this.#applyChunk(mirror, rows.slice(0, middle), options);
      await this.#applyChunk(mirror, rows.slice(middle), options);
    }
  }

  async beginRefresh(mirror: Mirror, options: { openedBy: string; resume: boolean }): Promise<string> {
    const keyed = mirror.contract.primaryKey !== null;
    const { run, resumed } = await this.ctx.runMutation(this.component.runs.begin, {
      mirror: mirror.name,
      ...options,
      refresh: keyed,
      syncMode: "overwrite",
      token: this.token.id,
      settleAfterMs: this.settleAfterMs,
    });
    if (!keyed && !resumed) await clearMirror(this.ctx, this.component, mirror.name);
    return run;
  }

  async finish(run: string): Promise<void> {
    await this.ctx.runMutation(this.component.runs.finish, { run });
  }

  async recordUnknownStream(stream: string, snippet: string): Promise<void> {
    await this.ctx.runMutation(this.component.registry.recordUnknownStream, {
      stream,
      snippet,
      token: this.token.name,
    });
  }

  async recordFailure(mirror: Mirror, error: unknown): Promise<void> {
    const { code, message } = describe(error);
    await this.ctx.runMutation(this.component.registry.recordFailure, { mirror: mirror.name, code, message });
  }

  async touch(): Promise<void> {
    if (this.token.touchDue) await this.ctx.runMutation(this.component.tokens.touch, { token: this.token.id });
  }
}

/** A prepared row without what only the action needs. */
function toRowChange(prepared: Prepared): RowChange {
  const { key, version } = prepared;
  switch (prepared.op) {
    case "upsert":
      return { op: "upsert", key, row: prepared.row };
    case "update":
      return { op: "update", key, row: prepared.row, unset: prepared.unset };
    case "delete":
      return { op: "delete", key, version };
  }
}

/** Empties a mirror, a transaction at a time. Returns how many rows it had. */
export async function clearMirror(ctx: RunsFunctions, component: ComponentApi, mirror: string): Promise<number> {
  let total = 0;
  for (;;) {
    const gone = await retryConflicts(async () => ctx.runMutation(component.refresh.clearPage, { mirror }));
    if (gone === 0) return total;
    total += gone;
  }
}
