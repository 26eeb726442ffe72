/** Wires the endpoint files to two loopback ports: API and sync on one, HTTP actions on the other. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { CronRunner } from "./crons.js";
import { DeployEndpoints } from "./deploy.js";
import { Engine } from "./engine.js";
import { handleFunctionCall } from "./functions.js";
import {
  type ApiRequest,
  HttpError,
  parseAuthorization,
  parseJsonBody,
  readBody,
  sendError,
  sendJson,
} from "./http.js";
import { handleSiteRequest } from "./site.js";
import { SyncServer } from "./sync.js";

export interface LocalConvexOptions {
  /** 0 picks a free port. */
  port?: number;
  sitePort?: number;
  /** Deployment environment variables to start with. */
  env?: Record<string, string>;
  /** Mutations run against snapshots, conflict, are retried and refused as in production. */
  optimistic?: boolean;
  /** How long a commit, and an answer to an action, takes at most in optimistic mode; 4 ms unless told. */
  gapMs?: number;
  /** Seconds that the database may take for a query or mutation; 15 unless told. */
  systemSeconds?: number;
  /** Each call evaluates its modules again, as on the backend. Needs node --experimental-vm-modules. */
  freshContext?: boolean;
  /** Receives function logs and errors, line by line. Silent by default. */
  logger?: (line: string) => void;
}
export interface LocalConvex {
  url: string;
  siteUrl: string;
  adminKey: string;
  /** Cuts every connection, and lets everything die that runs. What has committed stays. Only in optimistic mode. */
  crash(): void;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/**
 * Note that convex-test replaces accessors on `globalThis` and this server replaces `process.env`: give it a process
 * of its own (`spawnLocalConvex`) unless you know that neither matters.
 */
export async function startLocalConvex(options: LocalConvexOptions = {}): Promise<LocalConvex> {
  const logger = options.logger ?? (() => undefined);
  const adminKey = `local-${randomBytes(24).toString("hex")}`;

  // Listen first: functions see the URLs as environment variables, and port 0 only becomes a number here.
  const api = createServer();
  const site = createServer();
  const url = await listen(api, options.port ?? 0);
  const siteUrl = await listen(site, options.sitePort ?? 0).catch(async (error: unknown) => {
    await closeServer(api);
    throw error;
  });

  const urls = { cloud: url, site: siteUrl };
  const engine = new Engine({
    urls,
    logger,
    optimistic: options.optimistic,
    gapMs: options.gapMs,
    systemSeconds: options.systemSeconds,
    freshContext: options.freshContext,
  });
  engine.updateEnv(Object.entries(options.env ?? {}).map(([name, value]) => ({ name, value })));
  const crons = new CronRunner(engine);
  const deploy = new DeployEndpoints(engine, crons);
  const sync = new SyncServer(engine, adminKey);

  api.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void handleApiRequest({ engine, deploy, adminKey, origin: url }, request, response);
  });
  api.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sync.handleUpgrade(request, socket, head);
  });
  site.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void handleSiteRequest(engine, siteUrl, request, response);
  });

  return {
    url,
    siteUrl,
    adminKey,
    crash: () => {
      engine.crash();
      for (const server of [api, site]) server.closeAllConnections();
    },
    close: async () => {
      crons.close();
      engine.close();
      sync.close();
      await Promise.all([closeServer(api), closeServer(site)]);
      await deploy.close();
    },
  };
}

interface ApiContext {
  engine: Engine;
  deploy: DeployEndpoints;
  adminKey: string;
  origin: string;
}

async function handleApiRequest(
  { engine, deploy, adminKey, origin }: ApiContext,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  allowBrowsers(incoming, response);
  try {
    if (incoming.method === "OPTIONS") {
      response.writeHead(204).end();
      return;
    }
    const url = new URL(origin + (incoming.url ?? "/"));
    if (url.pathname === "/version") {
      response.writeHead(200).end("local-convex");
      return;
    }

    // By this name the Convex CLI knows the local backend of a project without an account.
    if (url.pathname === "/instance_name") {
      response.writeHead(200).end("anonymous-local-convex");
      return;
    }

    const body = await readBody(incoming);
    const request: ApiRequest = {
      method: incoming.method ?? "GET",
      url,
      headers: incoming.headers,
      auth: parseAuthorization(incoming.headers.authorization, adminKey),
      json: () => parseJsonBody(body, incoming.headers),
    };
    const called = await handleFunctionCall(engine, request);
    const reply = called ?? (await deploy.handle(request));
    if (reply === undefined) {
      throw new HttpError(
        404,
        "NotFound",
        `This server does not implement ${request.method} ${url.pathname}`,
      );
    }
    sendJson(response, reply.status, reply.body);
  } catch (error) {
    sendError(response, error);
  }
}

function allowBrowsers(incoming: IncomingMessage, response: ServerResponse): void {
  response.setHeader("Access-Control-Allow-Origin", incoming.headers.origin ?? "*");
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.setHeader(
    "Access-Control-Allow-Headers",
    incoming.headers["access-control-request-headers"] ?? "Authorization, Content-Type, Convex-Client",
  );
  response.setHeader("Vary", "Origin");
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.off("error", reject);
      resolve(`http://${HOST}:${String((server.address() as AddressInfo).port)}`);
    });
  });
}
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
