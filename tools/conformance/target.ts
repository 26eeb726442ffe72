import { gzipSync } from "fflate";
import type { RequestStep } from "./scenario.js";

/** A deployment that scenarios are run against. */
export interface Target {
  /** Where the import API is, with the path prefix if there is one, and without a slash at the end. */
  url: string;
  token: string;
  /** Opens `conformance_scoped` only. */
  otherToken?: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  sleep: (ms: number) => Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Undefined when the answer is no JSON. */
  json: unknown;
}

/** A request with its placeholders filled in. */
export type FilledRequest = Omit<RequestStep["request"], "body" | "ndjson"> & {
  body?: unknown;
  ndjson?: unknown[];
};

/** How often a request is repeated that is told to come back later. */
const MAX_RETRIES = 30;

/**
 * Sends a request, and sends it again after `Retry-After` when the deployment has no time for it, unless `expected` says
 * that this is what the scenario is about.
 */
export async function send(target: Target, request: FilledRequest, expected: number): Promise<Answer> {
  for (let retry = 0; ; retry++) {
    const answer = await sendOnce(target, request);
    const later = answer.status === 429 || answer.status === 503;
    if (!later || answer.status === expected || retry === MAX_RETRIES) return answer;
    await target.sleep(1_000 * Number(answer.headers.get("Retry-After") ?? 1));
  }
}

async function sendOnce(target: Target, request: FilledRequest): Promise<Answer> {
  const response = await target.fetch(target.url + request.path, {
    method: request.method,
    headers: headersOf(target, request),
    ...(request.method === "POST" && { body: bodyOf(request) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: parse(text) };
}

function headersOf(target: Target, { token, ndjson, gzip, headers }: FilledRequest): Record<string, string> {
  const presented = {
    main: target.token,
    other: target.otherToken ?? "",
    unknown: `csi_${"0".repeat(64)}`,
    none: null,
  }[token ?? "main"];
  return {
    "Content-Type": ndjson === undefined ? "application/json" : "application/x-ndjson",
    ...(presented !== null && { Authorization: `Bearer ${presented}` }),
    ...(gzip === true && { "Content-Encoding": "gzip" }),
    ...headers,
  };
}

function bodyOf({ body, ndjson, text, gzip }: FilledRequest): BodyInit {
  const plain = text ?? (ndjson === undefined ? JSON.stringify(body ?? {}) : ndjson.map(line).join("\n"));
  return gzip === true ? gzipSync(new TextEncoder().encode(plain)) : plain;
}

function line(value: unknown): string {
  return JSON.stringify(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
