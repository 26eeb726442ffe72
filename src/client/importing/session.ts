import type { FunctionReturnType } from "convex/server";
import { convexToJson, type Value } from "convex/values";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import type { Debt } from "../../core/wire/changes.js";
import { noCounts } from "../../core/wire/counts.js";
import { forSenders, withoutRows } from "../../core/wire/senderStatus.js";
import type { Change, RowEncoding } from "../../core/rows/change.js";
import { shorten } from "../../core/rows/text.js";
import { parseJson, writeJson } from "../../core/rows/json.js";
import type { Json, JsonObject } from "../../core/rows/values.js";
import { describe, HttpError, reasonWithoutRows } from "../../http/errors.js";
import type {
  BeginOptions,
  BegunRun,
  Delivered,
  DeliverOptions,
  FinishOptions,
  ImportSession,
  Mirror,
  PreparedChanges,
  WaitingChange,
} from "../../http/importer.js";
import { MAX_CHUNK_ROWS } from "../../core/wire/chunk.js";
import { CLEARED_ROWS, Pace } from "../../core/wire/pace.js";
import { budgetUse, type BudgetUse } from "../../core/wire/budget.js";
import { mayBeShortened, type AppMirror, type AppMirrors, type RunsFunctions } from "../mirrors.js";
import { deliver } from "./delivery.js";
import { patiently, retryConflicts, unlessBusy } from "./retry.js";
import { type Item, toItems } from "./items.js";

/** The token that a session was opened with. */
export interface SessionToken {
  id: string;
  name: string;
  mirrors: string[];
  access: "read" | "write";
  touchDue: boolean;
  /** What imports owe to the write budget. */
  debt: Debt;
  /** Mirrors to clear once the connector names their streams in full, a list per connection. */
  toClear: string[][];
}

/** What the app has decided for all sessions. */
export interface SessionSettings {
  settleAfterMs: number;
  budget: { bytesPerSecond: number };
  badRows: "quarantine" | "refuse";
}

/**
 * A connector that says when it is done and falls silent for this long has died, in milliseconds: half an hour is
 * longer than the pause of any source that is still alive.
 */
const DEFAULT_SILENCE_MS = 30 * 60_000;

/** Converted changes on their way from `prepare` to `deliver`. */
class Prepared implements PreparedChanges {
  constructor(
    readonly mirror: Mirror,
    readonly items: readonly Item[],
  ) {}

  get size(): number {
    return this.items.length;
  }
}

/** One authenticated request: turns changes into transactions of the component. */
export class Session implements ImportSession {
  constructor(
    private readonly ctx: RunsFunctions,
    private readonly component: ComponentApi,
    private readonly appMirrors: AppMirrors,
    private readonly token: SessionToken,
    private readonly settings: SessionSettings,
    readonly body: Uint8Array<ArrayBuffer>,
  ) {}

  get access(): "read" | "write" {
    return this.token.access;
  }

  mirrors(): AppMirror[] {
    return mirrorsOpenTo(this.token, this.appMirrors);
  }

  find(stream: string): Mirror | null {
    return this.appMirrors.find(stream);
  }

  findByBareStream(stream: string): Mirror | null {
    return this.appMirrors.findByBareStream(stream);
  }

  authorize(mirror: Mirror | null, access: "read" | "write", named = mirror?.name ?? ""): void {
    const mayAccess = access === "read" || this.token.access === "write";
    // To a token for some mirrors, one that is not declared is like one that it does not open.
    if (opens(this.token, mirror?.name ?? "*") && mayAccess) return;
    throw new HttpError(
      403,
      "OperationNotPermitted",
      `The token "${this.token.name}" may not ${access} the mirror "${shorten(named)}". If it is declared, make a token that may with \`npx streaming-import token create <name> --mirror <mirror>\`.`,
    );
  }

  prepare(mirror: Mirror, changes: readonly Change[], encoding: RowEncoding): Prepared {
    const known = this.appMirrors.get(mirror.name);
    return new Prepared(mirror, toItems(known, changes, encoding, this.settings.badRows === "refuse"));
  }

  async *keys(mirror: Mirror, below: { path: string; value: number } | null): AsyncGenerator<Json[][]> {
    const pace = new Pace(MAX_CHUNK_ROWS);
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readPage>> = await readPage(this, cursor);
      if (page.keys.length > 0) yield page.keys.map((key) => convexToJson(key as Value[]) as Json[]);
      cursor = page.cursor;
    } while (cursor !== null);

    async function readPage({ ctx, component }: Session, from: string | null) {
      return await pace.run(async (limit) =>
        ctx.runQuery(component.mirror.keys.page, {
          mirror: mirror.name,
          cursor: from,
          limit,
          ...(below !== null && { below }),
        }),
      );
    }
  }

  async *waiting({ name: mirror }: Mirror): AsyncGenerator<WaitingChange[]> {
    let after: string | null = null;
    for (;;) {
      const page: FunctionReturnType<ComponentApi["quarantine"]["list"]> = await this.ctx.runQuery(
        this.component.quarantine.list,
        { mirror, ...(after !== null && { after }) },
      );
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.cursor;
      yield page.map(({ id, op, key, payload, whole }) => ({
        id,
        op,
        key: key === null ? null : (JSON.parse(key) as Json[]),
        row: whole ? (parseJson(payload) as JsonObject) : null,
      }));
    }
  }

  async rewrite({ id }: WaitingChange, row: JsonObject): Promise<void> {
    await patiently(async () =>
      this.ctx.runMutation(this.component.quarantine.rewrite, { id, payload: writeJson(row) }),
    );
  }

  async discard({ name: mirror }: Mirror, changes: readonly WaitingChange[]): Promise<void> {
    const ids = changes.map(({ id }) => id);
    await patiently(async () => this.ctx.runMutation(this.component.quarantine.discard, { mirror, ids }));
  }

  async deliver(changes: PreparedChanges, options: DeliverOptions): Promise<Delivered> {
    const { mirror } = changes;
    const startedAt = Date.now();
    const done = await deliver(this.ctx, this.component, (changes as Prepared).items, {
      mirror: mirror.name,
      token: this.token.id,
      touchDue: this.token.touchDue,
      settleAfterMs: this.settings.settleAfterMs,
      debt: this.token.debt,
      budget: this.settings.budget,
      ...options,
    });
    const { counts, quarantinedKeys, replayed, syncMode, chunks } = done;
    console.log(
      JSON.stringify({
        event: "streamingImport.delivery",
        mirror: mirror.name,
        token: this.token.name,
        syncMode,
        delivery: options.delivery?.identity,
        replayed,
        chunks,
        // Log platforms read this line by its pattern: in the order that docs/logs.md gives.
        ...noCounts,
        ...counts,
        lagMs: options.committedAt === undefined ? null : Math.max(0, Date.now() - options.committedAt),
        ms: Date.now() - startedAt,
      }),
    );
    return { counts, quarantinedKeys, replayed };
  }

  async beginRefresh(
    mirror: Mirror,
    options: { openedBy: string; attempt?: number; resume: boolean; explicit: boolean },
  ): Promise<string> {
    const keyed = mirror.contract.primaryKey !== null;
    const { run, resumed } = await patiently(async () =>
      this.ctx.runMutation(this.component.runs.begin, {
        mirror: mirror.name,
        ...options,
        refresh: keyed ? { generation: null } : null,
        syncMode: "overwrite",
        token: this.token.id,
        settleAfterMs: options.explicit ? DEFAULT_SILENCE_MS : this.settings.settleAfterMs,
      }),
    );
    if (!keyed && !resumed) await clearMirror(this.ctx, this.component, mirror.name);
    return run;
  }

  async clearWhenNamed(mirrors: readonly Mirror[]): Promise<void> {
    await this.#setToClear(
      mirrors.map(({ name }) => name),
      false,
    );
  }

  async takeToClear(streams: readonly string[]): Promise<Mirror[]> {
    const meant = new Set<Mirror>();
    const named = new Set(streams.map((stream) => this.find(stream)?.name));
    for (const names of this.token.toClear) {
      const mirrors = this.appMirrors.all.filter(({ name }) => names.includes(name));
      // The names of another connection of this token say nothing of these.
      if (!mirrors.every((mirror) => streams.some((stream) => mayBeShortened(mirror, stream)))) continue;
      for (const mirror of mirrors) if (named.has(mirror.name)) meant.add(mirror);
      await this.#setToClear(names, true);
    }
    return [...meant];
  }

  async #setToClear(mirrors: string[], named: boolean): Promise<void> {
    await patiently(async () =>
      this.ctx.runMutation(this.component.tokens.setToClear, { token: this.token.id, mirrors, named }),
    );
  }

  async begin(mirror: Mirror, { silenceMs, ...options }: BeginOptions): Promise<BegunRun> {
    return await retryConflicts(async () =>
      this.ctx.runMutation(this.component.runs.begin, {
        mirror: mirror.name,
        openedBy: "v1",
        resume: false,
        explicit: true,
        ...options,
        token: this.token.id,
        settleAfterMs: silenceMs ?? DEFAULT_SILENCE_MS,
      }),
    );
  }

  async runningRun({ name: mirror }: Mirror, openedBy: string): Promise<string | null> {
    // Only the newest run of a mirror can be running.
    const [newest] = await this.ctx.runQuery(this.component.runs.history, { mirror, limit: 1 });
    return newest?.state === "running" && newest.openedBy === openedBy ? newest.id : null;
  }

  async run(id: string) {
    const run = await this.ctx.runQuery(this.component.runs.get, { run: id });
    if (run === null) return null;
    const mirror = this.appMirrors.all.find(({ name }) => name === run.mirror);
    if (mirror === undefined) {
      throw new HttpError(
        404,
        "UnknownMirror",
        `The mirror "${run.mirror}" of this run is no longer in schema.ts. Declare it again and deploy, or stop sending it.`,
      );
    }
    return { id: run.id, mirror };
  }

  async finish(
    run: string,
    outcome: "complete" | "incomplete",
    reason: string,
    { reach, allowShrink = false, patient = false }: FinishOptions = {},
  ) {
    const retry = patient ? patiently : retryConflicts;
    const args = { run, outcome, reason, reach, ...(allowShrink && { allowShrink }) };
    return await retry(async () => this.ctx.runMutation(this.component.runs.finish, args));
  }

  async status() {
    const mine = new Set(this.mirrors().map(({ name }) => name));
    const all = await this.ctx.runQuery(this.component.registry.list, { exact: true });
    const shown = all.filter(({ name }) => mine.has(name)).map(forSenders);
    return this.access === "write" ? shown : shown.map(withoutRows);
  }

  async budget(): Promise<BudgetUse> {
    return budgetUse(await this.ctx.runQuery(this.component.write.budget.balance, {}), Date.now());
  }

  async verify(mirror: Mirror, digest: ArrayBuffer) {
    return await this.ctx.runQuery(this.component.write.digests.verify, { mirror: mirror.name, digest });
  }

  async digest(mirror: Mirror): Promise<ArrayBuffer> {
    return await this.ctx.runQuery(this.component.write.digests.get, { mirror: mirror.name });
  }

  async recordUnknownStream(stream: string, snippet: string): Promise<void> {
    // The sender is refused either way, and told why.
    await unlessBusy(async () =>
      this.ctx.runMutation(this.component.unknownStreams.recordUnknownStream, {
        stream,
        snippet,
        token: this.token.name,
      }),
    );
  }

  async recordFailure(mirror: Mirror, error: unknown): Promise<void> {
    const { code, message } = describe(error);
    await unlessBusy(async () =>
      this.ctx.runMutation(this.component.registry.recordFailure, {
        mirror: mirror.name,
        reason: reasonWithoutRows(code, message),
        code,
        message,
      }),
    );
  }

  async cutOff(error: unknown): Promise<void> {
    const { code, message } = describe(error);
    const reason = reasonWithoutRows(code, message);
    // Until it happens: a refresh that is not cut off would be taken for complete, and delete what was not sent.
    const runs = await patiently(async () =>
      this.ctx.runQuery(this.component.runs.unannounced, { token: this.token.id }),
    );
    for (const run of runs) {
      await patiently(async () => this.ctx.runMutation(this.component.runs.cutOff, { run, reason }));
    }
  }

  async heard(mirrors: readonly Mirror[]): Promise<void> {
    if (!this.token.touchDue || this.access !== "write") return;
    const opened = mirrors.map(({ name }) => name).filter((name) => opens(this.token, name));
    await patiently(async () =>
      this.ctx.runMutation(this.component.registry.heartbeat, { token: this.token.id, mirrors: opened }),
    );
  }
}

/** Empties a mirror, a transaction at a time. Returns how many rows it had. */
async function clearMirror(ctx: RunsFunctions, component: ComponentApi, mirror: string): Promise<number> {
  const pace = new Pace(CLEARED_ROWS);
  let total = 0;
  for (;;) {
    const gone = await pace.run(async (limit) =>
      patiently(async () => ctx.runMutation(component.write.clear.clearPage, { mirror, limit })),
    );
    if (gone === 0) return total;
    total += gone;
  }
}

/** The mirrors that a token opens. */
function mirrorsOpenTo(token: { mirrors: readonly string[] }, mirrors: AppMirrors): AppMirror[] {
  return mirrors.all.filter(({ name }) => opens(token, name));
}

function opens(token: { mirrors: readonly string[] }, mirror: string): boolean {
  return token.mirrors.includes("*") || token.mirrors.includes(mirror);
}
