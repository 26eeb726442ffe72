/// <reference types="vite/client" />
import { convexTest, type TestConvex } from "convex-test";
import {
  makeFunctionReference,
  type DataModelFromSchemaDefinition,
  type FunctionReference,
  type GenericMutationCtx,
} from "convex/server";
import { vi } from "vitest";
import { convexToJson } from "convex/values";
import type { Doc, TableNames } from "../convex/_generated/dataModel.js";
import ledgerSchema from "../convex/schema.js";
import type { Counts } from "../src/core/wire/changes.js";
import streamingImportTest from "../src/test.js";
import schema from "./app/schema.js";
import { operation } from "./operations.js";
import { tapWrites, type Write, type WriteTap } from "./writeTap.js";

const modules = {
  ...import.meta.glob("./app/*.ts"),
  // convex-test finds the root of the functions by a file in _generated.
  "./app/_generated/api.ts": async () => Promise.resolve({}),
};

/** The same app, set to refuse requests with rows that cannot be stored. */
const refusingModules = {
  ...import.meta.glob("./app/refusing/*.ts"),
  "./app/refusing/_generated/api.ts": async () => Promise.resolve({}),
};

/** Functions that may run while time passes in a test. */
const MAX_STEPS = 1_000;

/** The name under which the app uses the component. */
const COMPONENT = "streamingImport";

/** An internal function of the app's `imports.ts`. */
export function imports(name: string): FunctionReference<"query" | "mutation" | "action", "internal"> {
  return makeFunctionReference(`imports:${name}`) as never;
}

/** What the registry says of one mirror. */
export interface MirrorStatus {
  name: string;
  source: string;
  state: string;
  reason: string;
  syncMode: string | null;
  rows: number;
  quarantined: number;
  removed: number;
  copied: number;
  generation: number;
  total: Counts;
  lastAppliedAt: string | null;
  lastError: string | null;
}

/** What a connector sees of an answer. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: () => { code: string; message: string };
}

/** A row of a table as a test compares it. */
export type TestRow = Record<string, unknown>;

/** A table of the app under test. */
export type AppTable = keyof typeof schema.tables;

type TransactionLimits = Extract<
  NonNullable<Parameters<typeof convexTest>[0]>,
  { transactionLimits?: unknown }
>["transactionLimits"];

/** How the app under test is set up. */
interface AppOptions {
  transactionLimits?: TransactionLimits;
  /** What becomes of rows that cannot be stored; unless told, what the importer does by default. */
  badRows?: "quarantine" | "refuse";
}

type LedgerCtx = GenericMutationCtx<DataModelFromSchemaDefinition<typeof ledgerSchema>>;

/** What `convexTest` gives beyond its types: functions by path, which reaches those of components. */
interface ByPath {
  runInComponent: <Result>(
    component: string,
    handler: (ctx: LedgerCtx) => Promise<Result>,
  ) => Promise<Result>;
  finishInProgressScheduledFunctions: () => Promise<void>;
  fun: (path: { componentPath: string; udfPath: string }, args: object) => Promise<unknown>;
}

/** An app with the component in this process: what tests of the importer share, whatever database it is on. */
export abstract class Deployment {
  readonly #functions: ByPath;

  /** @param t What `convexTest` made. */
  protected constructor(t: unknown) {
    this.#functions = t as ByPath;
  }

  /** Calls a function of the app's `imports.ts`, or an operation of the component. */
  async call(name: string, args: object = {}): Promise<unknown> {
    const { component, path, args: all } = operation(COMPONENT, name, args);
    return await this.#functions.fun({ componentPath: component, udfPath: path }, all);
  }

  /** Calls any function of the app, as "module:function". */
  async callApp(path: string, args: object = {}): Promise<unknown> {
    return await this.#functions.fun({ componentPath: "", udfPath: path }, args);
  }

  /** Calls a function of the component, internal ones too: `app.component("run/sweepAttempts:watch", { … })`. */
  async component(path: string, args: object = {}): Promise<unknown> {
    return await this.#functions.fun({ componentPath: COMPONENT, udfPath: path }, args);
  }

  /** A table of the component's ledger, in order of creation. */
  async ledger<Table extends TableNames>(table: Table): Promise<Doc<Table>[]> {
    return await this.inLedger(async (ctx) => (await ctx.db.query(table).collect()) as Doc<Table>[]);
  }

  /** The longest text in the ledger, in bytes. */
  async longestText(): Promise<number> {
    let longest = 0;
    for (const table of Object.keys(ledgerSchema.tables) as TableNames[]) {
      JSON.stringify(convexToJson((await this.ledger(table)) as never), (_, value: unknown) => {
        if (typeof value === "string") longest = Math.max(longest, new TextEncoder().encode(value).length);
        return value;
      });
    }
    return longest;
  }

  /** Runs a transaction inside a component, or inside the app, whose path is empty. */
  protected async in<Result>(path: string, handler: (ctx: LedgerCtx) => Promise<Result>): Promise<Result> {
    return await this.#functions.runInComponent(path, handler);
  }

  /** Runs a transaction inside the component. */
  async inLedger<Result>(handler: (ctx: LedgerCtx) => Promise<Result>): Promise<Result> {
    return await this.in(COMPONENT, handler);
  }

  /** Runs a transaction of the app that passes the importer by, as the dashboard does. */
  async inApp<Result>(handler: (ctx: GenericMutationCtx<never>) => Promise<Result>): Promise<Result> {
    return await this.in("", handler as never);
  }

  /**
   * Lets time pass, under fake timers. Scheduled functions run when they come due, one after another, and so do those
   * that they schedule.
   */
  async passTime(ms: number): Promise<void> {
    const until = Date.now() + ms;
    for (let steps = 0; ; steps++) {
      // A function that already runs may schedule another, and `whileTimePasses` may have started it.
      await this.#functions.finishInProgressScheduledFunctions();
      const due = await this.#nextDue();
      if (due > until) break;
      if (steps > MAX_STEPS) throw new Error("Scheduled functions schedule one another without end.");
      vi.advanceTimersByTime(Math.max(0, due - Date.now()));
    }
    vi.advanceTimersByTime(Math.max(0, until - Date.now()));
  }

  /** Waits for a request that sleeps, as one does that waits for the write budget: lets time pass until it is done. */
  async whileTimePasses<Result>(work: Promise<Result>, stepMs = 100): Promise<Result> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    // A rejection is the caller's to see, below.
    finished.catch(() => undefined);
    while (!done) await vi.advanceTimersByTimeAsync(stepMs);
    return await finished;
  }

  /**
   * When the next scheduled function is due, of the app or of the component: now if one runs already, Infinity when
   * there is none.
   */
  async #nextDue(): Promise<number> {
    const pending = await Promise.all(
      ["", COMPONENT].map(async (component) =>
        this.in(component, async (ctx) => {
          // Those that have run are many, and are not read.
          const jobs = ctx.db.system.query("_scheduled_functions");
          const kind = (name: string) => jobs.filter((q) => q.eq(q.field("state.kind"), name));
          const running = await kind("inProgress").first();
          const waiting = await kind("pending").collect();
          return [...waiting.map((job) => Math.ceil(job.scheduledTime)), ...(running === null ? [] : [0])];
        }),
      ),
    );
    return Math.min(Infinity, ...pending.flat());
  }
}

/** An app with the component, and a connector's view of it. */
export class App extends Deployment {
  readonly t: TestConvex<typeof schema>;
  readonly #taps: WriteTap;
  token = "";

  constructor({ transactionLimits = true, badRows }: AppOptions = {}) {
    const t = convexTest({
      schema,
      modules: badRows === "refuse" ? refusingModules : modules,
      transactionLimits,
    });
    super(t);
    this.t = t;
    this.#taps = tapWrites();
  }

  /** An app whose connector has a token for these mirrors. */
  static async start(mirrors = ["*"], options: AppOptions = {}): Promise<App> {
    const app = new App(options);
    streamingImportTest.register(app.t, COMPONENT);
    app.token = await app.createToken("connector", mirrors);
    return app;
  }

  async createToken(name: string, mirrors = ["*"]): Promise<string> {
    return (await this.call("createToken", { name, mirrors })) as string;
  }

  /** Sends a request as a connector does: JSON in, status and text out. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    /** Headers in the place of a connector's own; null leaves one out. */
    headers: Record<string, string | null> = {},
  ): Promise<Answer> {
    const all: Record<string, string | null> = {
      Authorization: `Convex ${this.token}`,
      "Content-Type": "application/json",
      "Convex-Client": "streaming-import-0.1.0",
      ...headers,
    };
    const sent = Object.entries(all).filter((header): header is [string, string] => header[1] !== null);
    const response = await this.t.fetch(path, {
      method,
      headers: sent,
      // Convex hands an HTTP action no body of a GET.
      ...(body !== undefined && method !== "GET" && { body: encode(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => JSON.parse(text) as { code: string; message: string },
    };
  }

  /** The rows of a table without system fields, in order of creation. */
  async rows(table: AppTable): Promise<TestRow[]> {
    return await this.t.run(async (ctx) => {
      const rows = await ctx.db.query(table).collect();
      return rows.map(({ _id, _creationTime, ...row }) => row);
    });
  }

  /** Which documents a table has: an id and a creation time for each, in order of creation. */
  async ids(table: AppTable): Promise<string[]> {
    return await this.t.run(async (ctx) =>
      (await ctx.db.query(table).collect()).map((row) => `${row._id}@${String(row._creationTime)}`),
    );
  }

  /** The writes to a table of the app since the last call. */
  writesTo(table: AppTable): Write[] {
    return this.#taps.take(table);
  }

  /** Lets writes to the app's tables fail that the predicate picks, as a full disk would; null to stop. */
  failWrites(which: ((write: Write) => boolean) | null, message?: string): void {
    this.#taps.before = (write) => {
      if (which?.(write) !== true) return;
      throw new Error(message ?? `The test makes this ${write.op} in ${write.table} fail.`);
    };
  }

  /** Holds the first write that the predicate picks, and with it its transaction, until the test lets it go on. */
  holdWrite(which: (write: Write) => boolean): { reached: Promise<void>; goOn: () => void } {
    let arrive: () => void = () => undefined;
    let goOn: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (arrive = resolve));
    const released = new Promise<void>((resolve) => (goOn = resolve));
    this.#taps.before = async (write) => {
      if (!which(write)) return;
      this.#taps.before = null;
      arrive();
      await released;
    };
    return { reached, goOn };
  }

  override async call(name: string, args: object = {}): Promise<unknown> {
    // The registry knows the mirrors that a token names only after this.
    if (name === "createToken" && !(args as { mirrors: string[] }).mirrors.includes("*"))
      await super.call("declare");
    return await super.call(name, args);
  }

  async status(mirror: string): Promise<MirrorStatus> {
    const all = (await this.call("status")) as MirrorStatus[];
    const found = all.find(({ name }) => name === mirror);
    if (found === undefined) throw new Error(`no mirror ${mirror} in the registry`);
    return found;
  }
}

function encode(body: unknown): BodyInit {
  return typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body);
}
