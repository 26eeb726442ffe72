/** The WebSocket protocol of ConvexClient and ConvexReactClient: subscriptions, mutations, actions. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { JSONValue } from "convex/values";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { CallRequest, CallResult, Engine } from "./engine.js";
import type { FunctionKind } from "./registered.js";
import { type Auth, badAdminKey, identityFromJwt } from "./http.js";
import { runOutsideFunctions } from "./scope.js";
import type { ClientMessage, QueryRequest, StateModification, Version } from "./syncProtocol.js";
import { runSystemFunction } from "./system.js";
import { type TrackedRun, trackRun } from "./tracking.js";

/** Writes closer together than this reach a session in one transition. */
const FLUSH_INTERVAL_MS = 50;
const PING_INTERVAL_MS = 15_000;

interface Subscription {
  request: QueryRequest;
  run: TrackedRun;
  /** The last result as sent, to stay silent when a re-run gives the same. */
  sent: string | null;
}

export class SyncServer {
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #sessions = new Set<Session>();

  constructor(
    readonly engine: Engine,
    readonly adminKey: string,
  ) {}

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!/^\/api\/[^/]+\/sync(\?|$)/.test(request.url ?? "")) {
      socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const session = new Session(this.engine, this.adminKey, ws);
      this.#sessions.add(session);
      ws.on("close", () => {
        this.#sessions.delete(session);
        session.stop();
      });
    });
  }

  close(): void {
    for (const session of this.#sessions) session.terminate();
    this.#sockets.close();
  }
}

class Session {
  #version: Version = { querySet: 0, identity: 0, ts: 0n };
  #auth: Auth = { admin: false, identity: null };
  readonly #subscriptions = new Map<number, Subscription>();
  /** Everything that sends a transition, in order: each must start at the version where the last one ended. */
  #transitions: Promise<void> = Promise.resolve();
  /** Mutations of one client run in the order they were sent. */
  #mutations: Promise<void> = Promise.resolve();
  /** Tables written since subscriptions were last looked at; null stands for all. */
  #written: Set<string> | null = new Set();
  #flushTimer: NodeJS.Timeout | null = null;
  #lastFlush = 0;
  readonly #ping: NodeJS.Timeout;

  constructor(
    readonly engine: Engine,
    readonly adminKey: string,
    readonly ws: WebSocket,
  ) {
    engine.changeListeners.add(this.#onChange);
    this.#ping = setInterval(() => {
      this.#send({ type: "Ping" });
    }, PING_INTERVAL_MS);
    ws.on("message", (data) => {
      this.#receive(data);
    });
    ws.on("error", () => {
      this.terminate();
    });
  }

  stop(): void {
    this.engine.changeListeners.delete(this.#onChange);
    clearInterval(this.#ping);
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
  }
  terminate(): void {
    this.ws.terminate();
  }

  // --- messages

  #send(message: Record<string, unknown>): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(message));
  }

  #receive(data: RawData): void {
    try {
      this.#handle(JSON.parse((data as Buffer).toString("utf8")) as ClientMessage);
    } catch (error) {
      this.#send({ type: "FatalError", error: error instanceof Error ? error.message : String(error) });
    }
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case "Connect":
      case "Event":
        return;
      case "Authenticate":
        this.#enqueue(() => this.#authenticate(message));
        return;
      case "ModifyQuerySet":
        this.#enqueue(() => this.#modifyQuerySet(message));
        return;
      case "Mutation": {
        const settled = this.#transitions;
        this.#mutations = this.#mutations.then(async () => {
          await settled; // an Authenticate sent before applies
          await this.#runMutation(message);
        });
        return;
      }
      case "Action": {
        const settled = this.#transitions;
        void settled.then(() => this.#runAction(message));
        return;
      }
      default:
        throw new Error(`Unknown message type ${JSON.stringify((message as { type: unknown }).type)}`);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#transitions = this.#transitions.then(work).catch((error: unknown) => {
      this.engine.logger(`[sync] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      this.#send({ type: "FatalError", error: "Internal error of local-convex, see its log" });
    });
  }

  async #authenticate(message: Extract<ClientMessage, { type: "Authenticate" }>): Promise<void> {
    try {
      if (message.tokenType === "Admin") {
        if (message.value !== this.adminKey) throw badAdminKey();
        this.#auth = { admin: true, identity: message.impersonating ?? null };
      } else {
        const identity = message.tokenType === "User" ? identityFromJwt(message.value) : null;
        this.#auth = { admin: false, identity };
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#send({
        type: "AuthError",
        error: reason,
        baseVersion: message.baseVersion,
        authUpdateAttempted: true,
      });
      return;
    }
    this.#written = null;
    await this.#transition({ identity: message.baseVersion + 1 });
  }

  async #modifyQuerySet(message: Extract<ClientMessage, { type: "ModifyQuerySet" }>): Promise<void> {
    const removed: StateModification[] = [];
    for (const modification of message.modifications) {
      const { queryId } = modification;
      if (modification.type === "Remove") {
        this.#subscriptions.delete(queryId);
        removed.push({ type: "QueryRemoved", queryId });
      } else {
        const run: TrackedRun = { reads: new Set(), journal: modification.journal ?? null };
        this.#subscriptions.set(queryId, { request: modification, run, sent: null });
      }
    }
    await this.#transition({ querySet: message.newVersion }, removed);
  }

  async #runMutation(message: Extract<ClientMessage, { type: "Mutation" }>): Promise<void> {
    const result = await this.#call("mutation", message);
    const { requestId } = message;
    if (!result.ok) {
      this.#respond("MutationResponse", requestId, result);
      return;
    }
    const ts = encodeTimestamp(this.engine.timestamp);
    this.#respond("MutationResponse", requestId, result, { ts });
    // The client waits for a transition at least this new, even if it changes nothing.
    this.#enqueue(() => this.#transition({}));
  }

  async #runAction(message: Extract<ClientMessage, { type: "Action" }>): Promise<void> {
    this.#respond("ActionResponse", message.requestId, await this.#call("action", message));
  }

  #respond(type: string, requestId: number, result: CallResult, extra: Record<string, unknown> = {}): void {
    const { logLines } = result;
    const outcome: Record<string, unknown> = result.ok
      ? { success: true, result: result.value }
      : { success: false, result: result.errorMessage, errorData: result.errorData };
    this.#send({ type, requestId, ...outcome, ...extra, logLines });
  }

  #call(
    kind: FunctionKind,
    request: Pick<QueryRequest, "udfPath" | "args" | "componentPath">,
  ): Promise<CallResult> {
    const { udfPath, args, componentPath } = request;
    return this.engine.call({ kind, udfPath, args: args[0], componentPath, ...this.#auth });
  }

  // --- transitions

  readonly #onChange = (tables: ReadonlySet<string> | null): void => {
    if (tables === null) this.#written = null;
    else for (const table of tables) this.#written?.add(table);
    if (this.#flushTimer !== null || !this.#anyStale()) return;
    const wait = Math.max(0, this.#lastFlush + FLUSH_INTERVAL_MS - Date.now());
    // This runs inside the function that wrote; what follows must not.
    this.#flushTimer = runOutsideFunctions(() => setTimeout(this.#flush, wait));
  };

  readonly #flush = (): void => {
    this.#flushTimer = null;
    this.#enqueue(async () => {
      if (this.#anyStale()) await this.#transition(null);
    });
  };

  #isStale(subscription: Subscription): boolean {
    if (subscription.sent === null || this.#written === null) return true;
    for (const table of subscription.run.reads) if (this.#written.has(table)) return true;
    return false;
  }
  #anyStale(): boolean {
    return [...this.#subscriptions.values()].some((subscription) => this.#isStale(subscription));
  }

  /** Brings the client up to date. With `next` null, only if there is something to say. */
  async #transition(next: Partial<Version> | null, modifications: StateModification[] = []): Promise<void> {
    const stale = [...this.#subscriptions.values()].filter((subscription) => this.#isStale(subscription));
    // Both before the first query runs: what is written meanwhile belongs to the next transition.
    this.#written = new Set();
    const { timestamp } = this.engine;

    const results = [...modifications];
    for (const subscription of stale) {
      const result = await this.#runQuery(subscription);
      const text = JSON.stringify(result);
      if (text === subscription.sent) continue;
      subscription.sent = text;
      results.push(result);
    }
    this.#lastFlush = Date.now();
    if (next === null && results.length === 0) return;
    const start = this.#version;
    const ts = timestamp > start.ts ? timestamp : start.ts;
    this.#version = { ...start, ...next, ts };
    const versions = { startVersion: encodeVersion(start), endVersion: encodeVersion(this.#version) };
    this.#send({ type: "Transition", ...versions, modifications: results });
  }

  async #runQuery({ request, run }: Subscription): Promise<StateModification> {
    const { udfPath, args, componentPath, queryId } = request;
    const call: CallRequest = { kind: "query", udfPath, args: args[0], componentPath, ...this.#auth };
    const previousReads = run.reads;
    run.reads = new Set();
    const result = await trackRun(
      run,
      async () => (await runSystemFunction(this.engine, call)) ?? this.engine.call(call),
    );
    // A query that failed before it read anything may succeed when what it read before changes.
    if (!result.ok) for (const table of previousReads) run.reads.add(table);
    const { journal } = run;
    const { logLines } = result;
    return result.ok
      ? { type: "QueryUpdated", queryId, value: result.value, logLines, journal }
      : {
          type: "QueryFailed",
          queryId,
          errorMessage: result.errorMessage,
          errorData: result.errorData,
          logLines,
          journal,
        };
  }
}

function encodeVersion({ querySet, identity, ts }: Version): Record<string, JSONValue> {
  return { querySet, identity, ts: encodeTimestamp(ts) };
}
function encodeTimestamp(ts: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(ts);
  return bytes.toString("base64");
}
