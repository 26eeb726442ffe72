import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Change, Json } from "../changes/change.js";
import { BUCKETS, decodeDigest, emptyDigest, encodeDigest } from "../changes/digest.js";
import { hashToHex } from "../changes/hash.js";
import { HttpError } from "./errors.js";
import type { Importer, ImportSession, Mirror } from "./importer.js";
import { badJson, jsonObjectOf, textOf } from "./request.js";
import { readBuckets, readChange, readDelivery, readRun } from "./v1Envelope.js";

/**
 * Our own protocol, version 1: for senders that are written for it, the command's Airbyte destination first of all.
 * docs/protocol.md describes it.
 */

/** `POST /v1/runs`: begins a run of a mirror. The run before it may write no more. */
export async function beginRun(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const { mirror: name, ...options } = readRun(jsonObjectOf(request, session.body));
  const mirror = mirrorOf(session, name, "write");
  const { resend, ...begun } = await session.begin(mirror, options);
  return Response.json({ mirror: mirror.name, ...begun, resend: resend.map((key) => JSON.parse(key) as unknown) });
}

/** `POST /v1/deliveries`: applies a batch of changes once, and says what became of them. */
export async function acceptDelivery(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const text = textOf(request, session.body);
  const delivery = readDelivery(text, request.headers.get("Content-Type") ?? "");
  const run = await session.run(delivery.run);
  if (run === null) {
    throw new HttpError(404, "UnknownRun", `There is no run "${delivery.run}". Begin one with POST /v1/runs.`);
  }
  const { mirror, syncMode, refresh } = run;
  session.authorize(mirror, "write");
  const changes: Change[] = delivery.changes.flatMap((change, i) => readChange(mirror, change, i));
  try {
    const { identity, sequence, committedAt } = delivery;
    const delivered = await session.deliver(session.prepare(mirror, changes, "convex"), {
      syncMode,
      run: run.id,
      refresh,
      committedAt,
      delivery: { identity, sequence, content: bytesToHex(sha256(utf8ToBytes(text))) },
      // The sender understands 429 and `Retry-After`; a request that hangs would only cost it a connection.
      patient: false,
    });
    return Response.json({
      delivery: identity,
      sequence,
      replayed: delivered.replayed,
      counts: delivered.counts,
      quarantinedKeys: delivered.quarantinedKeys.map((key) => JSON.parse(key) as unknown),
    });
  } catch (error) {
    if (!(error instanceof HttpError) || error.status >= 500) await session.recordFailure(mirror, error);
    throw error;
  }
}

/** `POST /v1/runs/{id}/finish`: says whether everything was sent. */
export async function finishRun(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const id = /\/v1\/runs\/([^/]+)\/finish\/?$/.exec(new URL(request.url).pathname)?.[1];
  if (id === undefined) throw new HttpError(404, "UnknownRun", "Finish a run with POST /v1/runs/{id}/finish.");
  const { outcome, reason } = jsonObjectOf(request, session.body);
  if (outcome !== "complete" && outcome !== "incomplete") {
    throw badJson('"outcome" must be "complete" or "incomplete"');
  }
  const run = await session.run(decodeURIComponent(id));
  if (run === null) throw new HttpError(404, "UnknownRun", `There is no run "${id}".`);
  session.authorize(run.mirror, "write");
  const said = typeof reason === "string" ? reason : `The connector says: ${outcome}.`;
  return Response.json({ run: run.id, ...(await session.finish(run.id, outcome, said)) });
}

/** `GET /v1/status`: the mirrors that the token opens, as the registry knows them. */
export async function status(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  return Response.json({ mirrors: await session.status() });
}

/** `GET /v1/mirrors`: the contracts of the mirrors that the token opens. */
export async function mirrors(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  return Response.json({ mirrors: session.mirrors().map(describeMirror) });
}

/** `GET /v1/digest?mirror=name`: the digest of a mirror, in the form that `verify` takes. */
export async function digest(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const mirror = mirrorOf(session, new URL(request.url).searchParams.get("mirror") ?? "", "read");
  const { counts, sums } = decodeDigest(await session.digest(mirror));
  const buckets = Array.from({ length: BUCKETS }, (_, i) => [counts[i]!, hashToHex(sums[i]!)]);
  return Response.json({ mirror: mirror.name, buckets });
}

/** `POST /v1/verify`: compares a mirror with its source by the source's digest. */
export async function verify(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const body = jsonObjectOf(request, session.body);
  const mirror = mirrorOf(session, body.mirror, "read");
  const theirs = emptyDigest();
  readBuckets(body.buckets).forEach(({ count, sum }, i) => {
    theirs.counts[i] = count;
    theirs.sums[i] = sum;
  });
  return Response.json({ mirror: mirror.name, ...(await session.verify(mirror, encodeDigest(theirs))) });
}

function mirrorOf(session: ImportSession, name: Json | undefined, access: "read" | "write"): Mirror {
  const mirror = typeof name === "string" ? session.find(name) : null;
  if (mirror === null) {
    const known = session.mirrors().map((each) => each.name);
    throw new HttpError(
      404,
      "UnknownMirror",
      `There is no mirror ${JSON.stringify(name ?? null)}; this token opens ${known.join(", ") || "none"}. Declare it with mirrorTable in schema.ts and deploy.`,
    );
  }
  session.authorize(mirror, access);
  return mirror;
}

function describeMirror(mirror: Mirror & { fields?: unknown }) {
  const { name, contract, fields } = mirror;
  const { source, primaryKey, version, onDelete, deletedField, drift, expectEveryMs, owner } = contract;
  return { name, source, primaryKey, version, onDelete, deletedField, drift, expectEveryMs, owner, fields };
}

