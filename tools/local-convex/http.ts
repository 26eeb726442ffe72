/** Small helpers shared by the endpoint files: bodies, JSON replies and the admin key. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { brotliDecompressSync } from "node:zlib";
import type { Identity } from "./engine.js";

/** Larger than what any test sends; a guard against running out of memory, not a Convex limit. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;

/** An error with a status and the `{code, message}` body that Convex clients and the CLI understand. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new HttpError(413, "PayloadTooLarge", "The body is larger than this server accepts.");
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

export function sendError(response: ServerResponse, error: unknown): void {
  const known = error instanceof HttpError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, known?.status ?? 500, { code: known?.code ?? "InternalServerError", message });
}

export interface Auth {
  admin: boolean;
  identity: Identity | null;
}

/** One request to the API port, body read. */
export interface ApiRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  auth: Auth;
  json(): Record<string, unknown>;
}

export function parseJsonBody(body: Buffer, headers: IncomingHttpHeaders): Record<string, unknown> {
  const text = headers["content-encoding"] === "br" ? brotliDecompressSync(body) : body;
  if (text.length === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.toString("utf8"));
  } catch (error) {
    throw new HttpError(400, "BadJsonBody", error instanceof Error ? error.message : String(error));
  }
  if (typeof parsed !== "object" || parsed === null)
    throw new HttpError(400, "BadJsonBody", "Expected an object.");
  return parsed as Record<string, unknown>;
}

/** `Convex <adminKey>[:<base64 identity to act as>]`, `Bearer <JWT>`, or nothing. */
export function parseAuthorization(header: string | undefined, adminKey: string): Auth {
  if (header === undefined) return { admin: false, identity: null };
  const space = header.indexOf(" ");
  const [scheme, credentials] = [header.slice(0, space).toLowerCase(), header.slice(space + 1)];
  if (scheme === "convex") {
    const [key = "", actingAs] = credentials.split(":");
    if (key !== adminKey) throw badAdminKey();
    const identity = actingAs === undefined ? null : decodeJson(actingAs, "base64");
    return { admin: true, identity };
  }
  if (scheme === "bearer") return { admin: false, identity: identityFromJwt(credentials) };
  throw new HttpError(401, "InvalidAuthHeader", `Unknown authorization scheme "${scheme}".`);
}
export function badAdminKey(): HttpError {
  return new HttpError(
    401,
    "BadDeployKey",
    "The provided admin key is not the one this server printed at start.",
  );
}

/** Signatures are NOT checked: there is no identity provider, and this server only listens on loopback. */
export function identityFromJwt(token: string): Identity {
  const claims = decodeJson(token.split(".")[1] ?? "", "base64url");
  const text = (name: string) => (typeof claims[name] === "string" ? claims[name] : undefined);
  const { sub: _sub, iss: _iss, ...rest } = claims;
  return { ...rest, subject: text("sub"), issuer: text("iss"), name: text("name"), email: text("email") };
}
function decodeJson(encoded: string, encoding: "base64" | "base64url"): Record<string, unknown> & Identity {
  try {
    return JSON.parse(Buffer.from(encoded, encoding).toString("utf8")) as Record<string, unknown> & Identity;
  } catch {
    throw new HttpError(401, "InvalidAuthHeader", "The authorization header holds no readable identity.");
  }
}
