/// <reference types="vite/client" />
import { AsyncLocalStorage } from "node:async_hooks";
import {
  componentsGeneric,
  httpRouter,
  type DataModelFromSchemaDefinition,
  type GenericMutationCtx,
} from "convex/server";
import { vi } from "vitest";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import { getMirror } from "../../../convex/mirror/mirrors.js";
import { readDigest } from "../../../convex/write/digests.js";
import { exactly } from "../../../convex/mirror/progress.js";
import type { Doc } from "../../../convex/_generated/dataModel.js";
import ledgerSchema from "../../../convex/schema.js";
import type { Counts, RowChange } from "../../../src/core/wire/changes.js";
import { type PackedRows, unpackRows } from "../../../src/core/wire/packedRows.js";
import { countsOf } from "../../../src/core/wire/counts.js";
import type { Sums } from "../../../src/core/proof/delta.js";
import { StreamingImport, type StreamingImportOptions } from "../../../src/client/index.js";
import { attachIndexes } from "../../../tools/local-convex/indexes.js";
import { Attempt, type DocumentChange, noteRange, runAs } from "../../../tools/local-convex/readSet.js";
import { trackDatabase } from "../../../tools/local-convex/tracking.js";
import { createMock, type Mock, type ModuleLoader, type Schema } from "../../../tools/local-convex/mock.js";
import { Deployment } from "../../harness.js";
import { Faults } from "./faults.js";
import { schema as defaultSchema } from "./schema.js";

const COMPONENT = "streamingImport";

const componentModules = import.meta.glob<Module>([
  "../../../convex/**/*.ts",
  "!../../../convex/**/*.test.ts",
]);

type Module = Record<string, unknown>;
type LedgerCtx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof ledgerSchema>>;
type Handler = (ctx: object, args: unknown) => unknown;
export type Row = Record<string, unknown>;

/** A mutation that has run by itself: what it was about, what it read, and what it changed. */
export interface Recorded {
  /** "ingest:applyChunk" */
  name: string;
  args: Row;
  read: Attempt;
  changes: DocumentChange[];
}

/** What one deploy of the app consists of. */
export interface AppVersion {
  schema: Schema;
  options?: StreamingImportOptions;
  /** Further modules, for functions that the app has beside its importer. */
  modules?: Record<string, Module>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Limits of a transaction, lower than the platform's. */
export type TransactionLimits = Partial<
  Record<"databaseQueries" | "documentsRead" | "documentsWritten" | "bytesRead" | "bytesWritten", number>
>;

/** What senders, models and checks need of an app, wherever it runs. */
export type Stage = Pick<World, "send" | "call" | "ledger" | "rows" | "documents" | "mirror" | "digest">;

/**
 * An app with the component, whose actions can be made to crash, whose rows can be made to fail, and which can be
 * deployed anew over the same data. Its database has indexes, so that tables may be large.
 */
export class World extends Deployment {
  readonly faults = new Faults();
  /**
   * Rows that fail inside the transaction, after everything was written, as a trigger of the app might: the message of
   * the error, or null for those that do not.
   */
  poison: ((row: RowChange, table: string) => string | null) | null = null;
  token = "";
  readonly #mock: Mock;
  #recorded: Recorded[] | null = null;
  /** The mutation that runs now; those that it calls belong to it. */
  #recording = false;
  /** Requests come from outside, even when a fault plan sends them while a function of the component runs. */
  readonly #fromOutside = AsyncLocalStorage.snapshot() as <Result>(work: () => Result) => Result;
  #fetchRouter: { lookup: (path: string, method: string) => unknown[] | null } = { lookup: () => null };

  private constructor(version: AppVersion, limits: TransactionLimits | undefined) {
    // The mock's own type knows on and off; convex-test takes numbers too.
    const mock = createMock({
      schema: version.schema,
      transactionLimits: (limits ?? true) as unknown as true,
    });
    super(mock.t);
    this.#mock = mock;
    this.#mock.t.registerComponent(COMPONENT, ledgerSchema, componentModules);
    for (const [path, { db }] of Object.entries(this.#mock.components)) {
      attachIndexes(db, (read) => {
        noteRange(path, read);
      });
    }
    this.#mock.components[COMPONENT]!.modules = this.#componentLoader();
    this.deploy(version);
  }

  /** An app whose connector has a token for every mirror. */
  static async start(
    version: Partial<AppVersion> & { limits?: TransactionLimits; declare?: boolean } = {},
  ): Promise<World> {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    const { limits, declare = true, ...rest } = version;
    const world = new World({ schema: defaultSchema as unknown as Schema, ...rest }, limits);
    world.token = await world.createToken("connector");
    if (declare) await world.call("declare");
    return world;
  }

  /** Makes a version of the app current, over the data that is there. */
  deploy({ schema, options, modules = {} }: AppVersion): void {
    const components = componentsGeneric() as unknown as { streamingImport: ComponentApi };
    const streamingImport = new StreamingImport(components.streamingImport, schema, options);
    const http = httpRouter();
    streamingImport.registerRoutes(http);
    this.#fetchRouter = http as never;
    const app: Record<string, Module> = {
      ...modules,
      imports: this.#withPoison(streamingImport.internalFunctions()),
      http: { default: { lookup: (path: string, method: string) => this.#lookup(path, method) } },
    };
    const root = this.#mock.components[""]!;
    root.db._schema = this.#mock.createDatabase(schema)._schema;
    root.modules = async (path) => {
      const found = app[path];
      if (found === undefined) throw new Error(`The app has no module ${path}.`);
      return Promise.resolve(this.#scoped(found, path));
    };
  }

  async createToken(name: string, options: Row = {}): Promise<string> {
    if (options.mirrors !== undefined) await this.call("declare");
    return (await this.call("createToken", { name, mirrors: ["*"], ...options })) as string;
  }

  /** Records every mutation from now on. */
  record(): Recorded[] {
    const recorded: Recorded[] = [];
    this.#recorded = recorded;
    for (const [path, { db }] of Object.entries(this.#mock.components)) {
      trackDatabase(db, path, (changes) => {
        recorded.at(-1)?.changes.push(...changes);
      });
    }
    return recorded;
  }

  /** Sends a request with the connector's token. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.#fromOutside(async () =>
      this.#mock.t.fetch(path, {
        method,
        headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  }

  /** The documents of a table of the app, in order of creation. */
  async documents(table: string): Promise<(Row & { _id: string })[]> {
    return await this.inApp(
      async (ctx) => (await ctx.db.query(table as never).collect()) as (Row & { _id: string })[],
    );
  }

  /** The rows of a table of the app without system fields, in order of creation. */
  async rows(table: string): Promise<Row[]> {
    return (await this.documents(table)).map(({ _id, _creationTime, ...row }) => row);
  }

  /** The registry's row of a mirror, with what its run has not told it yet. */
  async mirror(name: string): Promise<Doc<"mirrors">> {
    return await this.inLedger(async (ctx) => exactly(ctx, await getMirror(ctx, name)));
  }

  /** The stored digest and sketch of a mirror. */
  async digest(mirror: string): Promise<Sums> {
    return await this.inLedger(async (ctx) => readDigest(ctx, mirror));
  }

  /** The newest run of a mirror. */
  async run(mirror: string): Promise<Doc<"runs"> & { counts: Counts }> {
    const run = (await this.ledger("runs")).filter((run) => run.mirror === mirror).at(-1)!;
    return { ...run, counts: countsOf(run.counts) };
  }

  /** A document as the running transaction sees it, with the path of the component that has it. */
  find(id: string): { component: string; document: Row } | null {
    for (const [component, { db }] of Object.entries(this.#mock.components)) {
      const document = db.get(undefined, id);
      if (document !== null) return { component, document };
    }
    return null;
  }

  /** Scheduled functions that have run, of the app and of all components. */
  async scheduledRuns(): Promise<number> {
    const counts = await Promise.all(
      Object.keys(this.#mock.components).map(async (component) =>
        this.in(component, async (ctx: LedgerCtx) => {
          const jobs = await ctx.db.system.query("_scheduled_functions").collect();
          return jobs.filter(({ state }) => state.kind !== "pending").length;
        }),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #componentLoader(): ModuleLoader {
    const byPath = new Map(
      Object.entries(componentModules).map(([path, load]) => [/\/convex\/(.+)\.ts$/.exec(path)![1]!, load]),
    );
    return async (path) => {
      const load = byPath.get(path);
      if (load === undefined) throw new Error(`The component has no module ${path}.`);
      return this.#scoped(await load(), path);
    };
  }

  /** The module with its actions under the fault plan, and its mutations recorded. */
  #scoped(module: Module, path: string): Module {
    return Object.fromEntries(
      Object.entries(module).map(([name, value]) => {
        if (isAction(value)) {
          return [
            name,
            this.#withHandler(value, (handler) => (ctx, args) => handler(this.faults.around(ctx), args)),
          ];
        }
        return [name, isMutation(value) ? this.#recordedMutation(value, `${path}:${name}`) : value];
      }),
    );
  }

  #recordedMutation(value: object, name: string): object {
    return this.#withHandler(value, (handler) => async (ctx, args) => {
      if (this.#recorded === null || this.#recording) return await handler(ctx, args);
      const read = new Attempt(() => 0);
      this.#recorded.push({ name, args: args as Row, read, changes: [] });
      this.#recording = true;
      try {
        return await runAs(read, async () => handler(ctx, args));
      } finally {
        this.#recording = false;
      }
    });
  }

  #withHandler(fn: object, wrap: (handler: Handler) => Handler): object {
    const { _handler } = fn as { _handler: Handler };
    return Object.create(fn, { _handler: { value: wrap(_handler) } }) as object;
  }

  #withPoison(functions: Module): Module {
    const write = this.#withHandler(functions.write as object, (handler) => async (ctx, args) => {
      const written = await handler(ctx, args);
      const { table, apply } = args as { table: string; apply?: { rows: PackedRows } };
      for (const row of apply === undefined ? [] : unpackRows(apply.rows)) {
        const message = this.poison?.(row, table) ?? null;
        if (message !== null) throw new Error(message);
      }
      return written;
    });
    return { ...functions, write };
  }

  #lookup(path: string, method: string): unknown[] | null {
    const found = this.#fetchRouter.lookup(path, method);
    if (found === null) return null;
    const [action, ...rest] = found;
    return [
      this.#withHandler(action as object, (handler) => (ctx, args) => handler(this.faults.around(ctx), args)),
      ...rest,
    ];
  }
}

function isMutation(value: unknown): value is object {
  return typeof value === "function" && "isMutation" in value && value.isMutation === true;
}

function isAction(value: unknown): value is object {
  return typeof value === "function" && "isAction" in value && value.isAction === true;
}
