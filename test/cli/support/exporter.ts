import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// 2026-01-31T00:00:00Z in nanoseconds, and not a number that a double holds.
export const NOW = 1_769_817_600_000_000_001n;
export const EXPORT_TOKEN = "csi_export";

interface Change {
  ts: bigint;
  id: string;
  /** Encoded fields; null for a deletion. */
  fields: Record<string, unknown> | null;
}

/** A deployment that exports: it keeps every change, and pages them as the routes do. */
export class Exporter {
  readonly tables = new Map<string, Change[]>();
  schemas: Record<string, unknown> = {};
  pageRows = 2;
  lowWater = 0n;
  requests: string[] = [];
  before: (route: string) => { status: number; body: unknown } | undefined = () => undefined;
  clock = NOW;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Exporter> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const exporter = new Exporter(`http://127.0.0.1:${String(port)}`, server);
    server.on("request", (request, response) => {
      exporter.#serve(request, response);
    });
    return exporter;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Commits changes of one table in one transaction. */
  commit(table: string, changes: Record<string, Record<string, unknown> | null>): void {
    this.clock += 1n;
    const log = this.tables.get(table) ?? [];
    for (const [id, fields] of Object.entries(changes)) log.push({ ts: this.clock, id, fields });
    this.tables.set(table, log);
  }

  /** The rows of a table now. */
  rows(table: string, at = this.clock): Map<string, Change> {
    const rows = new Map<string, Change>();
    for (const change of this.tables.get(table) ?? []) {
      if (change.ts > at) break;
      if (change.fields === null) rows.delete(change.id);
      else rows.set(change.id, change);
    }
    return rows;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const route = pathname.replace("/api/", "");
    this.requests.push(route);
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      // Integers are written as they are, as the deployment writes them.
      response.end(
        JSON.stringify(body, (_, value: unknown) =>
          typeof value === "bigint" ? `int:${String(value)}` : value,
        ).replaceAll(/"int:(\d+)"/g, "$1"),
      );
    };
    const misbehaviour = this.before(route);
    if (misbehaviour !== undefined) {
      answer(misbehaviour.status, misbehaviour.body);
      return;
    }
    if (request.headers.authorization !== `Convex ${EXPORT_TOKEN}`) {
      answer(401, { code: "BadAdminKey", message: "This token is unknown." });
      return;
    }
    const table = searchParams.get("tableName")!;
    const value = ({ ts, id, fields }: Change, isDelta: boolean) => ({
      _component: "",
      _table: table,
      _ts: ts,
      ...(isDelta && { _deleted: fields === null }),
      _id: id,
      ...(fields !== null && { _creationTime: 1.5, ...fields }),
    });
    if (route === "json_schemas") answer(200, this.schemas);
    else if (route === "list_snapshot") {
      const snapshot = BigInt(searchParams.get("snapshot") ?? this.clock);
      const after = searchParams.get("cursor") ?? "";
      const rest = [...this.rows(table, snapshot).values()]
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const page = rest.slice(0, this.pageRows);
      const hasMore = rest.length > page.length;
      const values = page.map((change) => value(change, false));
      answer(200, { values, snapshot, cursor: hasMore ? page.at(-1)!.id : null, hasMore });
    } else {
      const cursor = BigInt(searchParams.get("cursor")!);
      if (cursor < this.lowWater) {
        answer(400, { code: "InvalidWindowToReadDocuments", message: "Too old." });
        return;
      }
      const rest = (this.tables.get(table) ?? []).filter(({ ts }) => ts > cursor);
      const last = rest[this.pageRows - 1]?.ts;
      const page = last === undefined ? rest : rest.filter(({ ts }) => ts <= last);
      const hasMore = rest.length > page.length;
      const values = page.map((change) => value(change, true));
      answer(200, { values, cursor: hasMore ? page.at(-1)!.ts : this.clock, hasMore });
    }
  }
}

/** The schema of the rows of {@link order}, as the format convex_encoded_json has it. */
export const SCHEMA = {
  type: "object",
  properties: {
    _id: { type: "string", $description: "Id(orders)" },
    _creationTime: { type: "number" },
    text: { anyOf: [{ type: "string" }, { type: "null" }] },
    total: { anyOf: [{ type: "number" }, { type: "object", properties: { $float: { type: "string" } } }] },
    count: { type: "object", properties: { $integer: { type: "string" } } },
    paid: { type: "boolean" },
    file: { type: "object", properties: { $bytes: { type: "string" } } },
    nested: { type: "object", properties: { a: { type: "number" } } },
    mixed: { anyOf: [{ type: "number" }, { type: "string" }] },
  },
};
/** An int64 that no number holds. */
export const BIG = 9_007_199_254_740_993n;

/** Encoded fields of a row with a value of every type. */
export function order(text: string | null, more: Record<string, unknown> = {}) {
  return {
    text,
    total: 1.5,
    count: { $integer: integer(BIG) },
    paid: true,
    nested: { a: 1 },
    mixed: "x",
    ...more,
  };
}

function integer(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes.toString("base64");
}
