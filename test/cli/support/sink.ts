import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { MirrorInfo, RunOptions } from "../../../src/core/wire/v1.js";
import { noCounts } from "../../../src/core/wire/counts.js";

/** A change as it arrived: its text, and what JSON reads there. */
export interface SinkChange {
  op: string;
  row: Record<string, unknown>;
  line: string;
}

export interface SinkRun extends RunOptions {
  id: string;
  outcome: string | null;
  reason: string;
  sequence: number;
  changes: SinkChange[];
}

export interface SinkDelivery {
  run: string;
  delivery: string;
  sequence: number;
  committedAt?: number;
  content: string;
  size: number;
}

/** What a test wants the sink to do with a request, instead of answering it as it should. */
export type Misbehaviour =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  /** Does what is asked, and cuts the connection instead of answering. */
  | "apply and hang up"
  | "hang up";

export interface SinkRequest {
  method: string;
  path: string;
  body: string;
  headers: IncomingMessage["headers"];
}

/** A deployment that speaks our protocol and remembers everything: in the test's own process, on the loopback. */
export class Sink {
  readonly requests: SinkRequest[] = [];
  readonly runs: SinkRun[] = [];
  readonly deliveries: SinkDelivery[] = [];
  /** Called before a request is served. */
  before: (request: SinkRequest) => Misbehaviour | undefined | Promise<Misbehaviour | undefined> = () =>
    undefined;
  /** Changes that it counts as quarantined. */
  quarantines: (change: SinkChange) => boolean = () => false;
  token = "csi_test_token";
  readOnly = false;

  private constructor(
    readonly url: string,
    private readonly server: Server,
    public mirrors: MirrorInfo[],
  ) {}

  static async start(mirrors: MirrorInfo[]): Promise<Sink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const sink = new Sink(`http://127.0.0.1:${String(port)}`, server, mirrors);
    server.on("request", (request, response) => void sink.#serve(request, response));
    return sink;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Rows that mirrors hold from before, as their status says. */
  stored: Record<string, number> = {};

  /** All changes of a mirror, in the order in which they were applied. */
  changes(mirror: string): SinkChange[] {
    return this.runs.filter((run) => run.mirror === mirror).flatMap((run) => run.changes);
  }

  rows(mirror: string): Record<string, unknown>[] {
    return this.changes(mirror).map(({ row }) => row);
  }

  get applied(): number {
    return this.runs.reduce((sum, run) => sum + run.changes.length, 0);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString();
    const seen: SinkRequest = { method: request.method!, path: request.url!, body, headers: request.headers };
    this.requests.push(seen);
    const misbehaviour = await this.before(seen);
    if (misbehaviour === "hang up") {
      request.socket.destroy();
      return;
    }
    if (typeof misbehaviour === "object") {
      answer(response, misbehaviour.status, misbehaviour.body ?? {}, misbehaviour.headers);
      return;
    }
    const [status, reply] = this.#handle(seen);
    if (misbehaviour === "apply and hang up") request.socket.destroy();
    else answer(response, status, reply);
  }

  #handle({ method, path, body, headers }: SinkRequest): [number, unknown] {
    if (headers.authorization !== `Convex ${this.token}`)
      return refusal(401, "BadAdminKey", "This token is unknown.");
    if (method === "GET" && path === "/v1/mirrors") return [200, { mirrors: this.mirrors }];
    if (method === "GET" && path === "/v1/status")
      return [200, { mirrors: this.mirrors.map(({ name }) => ({ name, rows: this.stored[name] ?? 0 })) }];
    if (method === "POST" && this.readOnly) {
      return refusal(403, "OperationNotPermitted", 'The token "reader" may not write the mirror.');
    }
    if (path === "/v1/runs") return this.#begin(JSON.parse(body) as RunOptions);
    const finished = /^\/v1\/runs\/([^/]+)\/finish$/.exec(path)?.[1];
    if (finished !== undefined)
      return this.#finish(finished, JSON.parse(body) as { outcome: string; reason: string });
    if (path === "/v1/deliveries") return this.#deliver(body);
    return refusal(404, "NotFound", `There is nothing at ${path}.`);
  }

  #begin(options: RunOptions): [number, unknown] {
    if (!this.mirrors.some(({ name }) => name === options.mirror))
      return refusal(404, "UnknownMirror", "No such mirror.");
    if (options.epoch !== undefined) return refusal(409, "StaleRun", "Another run has begun.");
    const run = {
      ...options,
      id: `run${String(this.runs.length + 1)}`,
      outcome: null,
      reason: "",
      sequence: 0,
      changes: [],
    };
    for (const other of this.runs) {
      if (other.mirror === options.mirror && other.outcome === null) other.outcome = "superseded";
    }
    this.runs.push(run);
    const generation = options.syncMode === "overwrite" ? (options.generation ?? this.runs.length) : null;
    const continued = false;
    return [
      200,
      {
        mirror: options.mirror,
        run: run.id,
        epoch: this.runs.length,
        generation,
        continued,
        nextSequence: 1,
        resend: [],
      },
    ];
  }

  #finish(id: string, { outcome, reason }: { outcome: string; reason: string }): [number, unknown] {
    const run = this.runs.find((each) => each.id === id);
    if (run === undefined) return refusal(404, "UnknownRun", "There is no such run.");
    if (run.outcome === "superseded") return refusal(409, "StaleRun", "Another run has taken over.");
    run.outcome ??= outcome;
    run.reason = reason;
    return [
      200,
      {
        run: id,
        state: run.outcome,
        counts: { ...noCounts, received: run.changes.length, inserted: run.changes.length },
      },
    ];
  }

  #deliver(body: string): [number, unknown] {
    const [first = "", ...lines] = body.split("\n").filter((line) => line !== "");
    const head = JSON.parse(first) as Omit<SinkDelivery, "content" | "size">;
    const run = this.runs.find(({ id }) => id === head.run);
    if (run === undefined) return refusal(404, "UnknownRun", "There is no such run.");
    if (run.outcome !== null) return refusal(409, "StaleRun", "This run no longer owns the mirror.");
    const content = createHash("sha256").update(body).digest("hex");
    const known = this.deliveries.find(
      ({ run: id, delivery }) => id === head.run && delivery === head.delivery,
    );
    const changes = lines.map((line) => ({ ...(JSON.parse(line) as Omit<SinkChange, "line">), line }));
    const quarantined = changes.filter((change) => this.quarantines(change)).length;
    const inserted = lines.length - quarantined;
    const counts = { ...noCounts, received: lines.length, inserted, quarantined };
    if (known !== undefined) {
      if (known.content !== content)
        return refusal(409, "DeliveryMismatch", "Sent before with other content.");
      return [200, { ...head, replayed: true, counts, quarantinedKeys: [] }];
    }
    if (head.sequence !== run.sequence + 1)
      return refusal(409, "OutOfSequence", `Expected ${String(run.sequence + 1)}.`);
    run.sequence = head.sequence;
    run.changes.push(...changes);
    this.deliveries.push({ ...head, content, size: lines.length });
    return [200, { ...head, replayed: false, counts, quarantinedKeys: [] }];
  }
}

function refusal(status: number, code: string, message: string): [number, unknown] {
  return [status, { code, message }];
}

function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** A mirror as `GET /v1/mirrors` describes it. */
export function mirror(name: string, more: Partial<MirrorInfo> = {}): MirrorInfo {
  return { name, source: `public.${name}`, primaryKey: ["id"], version: null, fields: {}, ...more };
}
