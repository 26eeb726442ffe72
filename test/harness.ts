/// <reference types="vite/client" />
import { convexTest } from "convex-test";
import { makeFunctionReference, type FunctionArgs, type FunctionReference } from "convex/server";
import streamingImportTest from "../src/test.js";
import schema from "./app/schema.js";

const modules = {
  ...import.meta.glob("./app/*.ts"),
  // convex-test finds the root of the functions by a file in _generated.
  "./app/_generated/api.ts": async () => Promise.resolve({}),
};

/** An internal function of the app's `imports.ts`. */
export function imports(name: string): FunctionReference<"query" | "mutation" | "action", "internal"> {
  return makeFunctionReference(`imports:${name}`) as never;
}

/** What the registry says of one mirror. */
export interface MirrorStatus {
  name: string;
  state: string;
  reason: string;
  syncMode: string | null;
  rows: number;
  removed: number;
  generation: number;
  total: Record<
    "received" | "inserted" | "updated" | "unchanged" | "deleted" | "stale" | "ignored",
    number
  >;
  lastError: string | null;
}

/** An app with the component, and a connector's view of it. */
export class App {
  readonly t = convexTest({ schema, modules, transactionLimits: true });
  token = "";

  static async start(mirrors = ["*"]): Promise<App> {
    const app = new App();
    streamingImportTest.register(app.t as never);
    app.token = (await app.t.mutation(imports("createToken") as FunctionReference<"mutation", "internal">, {
      name: "connector",
      mirrors,
    })) as string;
    return app;
  }

  /** Sends a request as a connector does: JSON in, status and text out. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; json: () => { code: string; message: string } }> {
    const response = await this.t.fetch(path, {
      method,
      headers: {
        Authorization: `Convex ${this.token}`,
        "Content-Type": "application/json",
        "Convex-Client": "streaming-import-0.1.0",
        ...headers,
      },
      ...(body !== undefined && method !== "GET" && {
        body: typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) as { code: string; message: string } };
  }

  /** The rows of a table without system fields, in order of creation. */
  async rows(table: string): Promise<Record<string, unknown>[]> {
    return await this.t.run(async (ctx) => {
      const rows = await ctx.db.query(table as "users").collect();
      return rows.map(({ _id, _creationTime, ...row }) => row as Record<string, unknown>);
    });
  }

  async ids(table: string): Promise<string[]> {
    return await this.t.run(async (ctx) =>
      (await ctx.db.query(table as "users").collect()).map((row) => `${row._id}@${String(row._creationTime)}`),
    );
  }

  async call<Ref extends FunctionReference<"mutation" | "action">>(
    name: string,
    args: FunctionArgs<Ref> = {},
  ): Promise<unknown> {
    const run = name === "clearMirror" ? this.t.action.bind(this.t) : this.t.mutation.bind(this.t);
    return await run(imports(name) as never, args as never);
  }

  async status(mirror: string): Promise<MirrorStatus> {
    const all = (await this.t.query(imports("status") as never, {})) as MirrorStatus[];
    const found = all.find(({ name }) => name === mirror);
    if (found === undefined) throw new Error(`no mirror ${mirror} in the registry`);
    return found;
  }
}
