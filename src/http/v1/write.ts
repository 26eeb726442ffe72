import { shorten } from "../../core/rows/text.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Json } from "../../core/rows/values.js";
import { describe, HttpError } from "../errors.js";
import type { Delivered, Importer, ImportSession, Mirror } from "../importer.js";
import { textOf, jsonObjectOf, openToWrite, plainBytesOf } from "../request.js";
import { checkSyncMode, readChanges } from "./changes.js";
import { type DeliveryRequest, readDelivery, readFinish, readRun } from "./envelope.js";

/**
 * Our own protocol, version 1: for senders that are written for it, the command's Airbyte destination first of all.
 * docs/protocol.md describes it. Here is what writes; read.ts has what reads.
 */

/** `POST /v1/runs`: begins a run of a mirror. The run before it may no longer write. */
export async function beginRun(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const { mirror: name, ...options } = readRun(await jsonObjectOf(request, session.body));
  const mirror = mirrorNamed(session, name, "write");
  checkSyncMode(mirror, options.syncMode);
  const { resend, resumed: _, ...begun } = await session.begin(mirror, options);
  return Response.json({ mirror: mirror.name, ...begun, resend: resend.map(readKey) });
}

/** `POST /v1/deliveries`: applies a batch of changes once, and says what became of them. */
export async function acceptDelivery(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const bytes = await plainBytesOf(request, session.body);
  const delivery = readDelivery(await textOf(bytes), request.headers.get("Content-Type") ?? "");
  const mirror = await mirrorOf(session, delivery);
  const changes = readChanges(mirror, delivery.changes);
  const { identity, sequence, committedAt, reach } = delivery;
  const { replayed, counts, quarantinedKeys } = await noting(session, mirror, async () =>
    session.deliver(session.prepare(mirror, changes, "convex"), {
      run: delivery.run,
      keylessRefresh: "content",
      committedAt,
      reach,
      // Of the text, not of what was sent: whether it is compressed makes no other delivery of it.
      delivery: { identity, sequence, content: btoa(String.fromCharCode(...sha256(bytes))) },
      // The sender understands 429 and `Retry-After`; a request that hangs would only cost it a connection.
      patient: false,
    }),
  );
  return Response.json({
    delivery: identity,
    sequence,
    replayed,
    counts,
    quarantinedKeys: quarantinedKeys.map(readKey),
  });
}

/** The mirror that a delivery is for. One that does not say costs a look at its run. @throws HttpError 404, 403 */
async function mirrorOf(session: ImportSession, { mirror, run: id }: DeliveryRequest): Promise<Mirror> {
  if (mirror !== undefined) return mirrorNamed(session, mirror, "write");
  const run = await session.run(id);
  if (run === null) throw unknownRun(id);
  session.authorize(run.mirror, "write");
  return run.mirror;
}

/**
 * Delivers; when a row is refused or something breaks, people see why in the registry. What is between the sender and
 * the importer alone (a stale run, back-pressure) says nothing about the mirror.
 */
async function noting(
  session: ImportSession,
  mirror: Mirror,
  work: () => Promise<Delivered>,
): Promise<Delivered> {
  try {
    return await work();
  } catch (error) {
    const refusal = describe(error);
    if (refusal.status === 400 || refusal.status === 500) await session.recordFailure(mirror, refusal);
    throw refusal;
  }
}

/** `POST /v1/runs/{id}/finish`: says whether everything was sent. */
export async function finishRun(importer: Importer, request: Request): Promise<Response> {
  const session = await openToWrite(importer, request);
  const id = /\/v1\/runs\/([^/]+)\/finish\/?$/.exec(new URL(request.url).pathname)?.[1];
  if (id === undefined) {
    throw new HttpError(
      404,
      "UnknownRun",
      "There is nothing at this path. Finish a run with POST /v1/runs/{id}/finish.",
    );
  }
  const { outcome, reason, ...said } = readFinish(await jsonObjectOf(request, session.body));
  const run = await session.run(decode(id));
  if (run === null) throw unknownRun(decode(id));
  session.authorize(run.mirror, "write");
  return Response.json({ run: run.id, ...(await session.finish(run.id, outcome, reason, said)) });
}

/** A part of a path; as it is when its percent signs make no sense. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function unknownRun(id: string): HttpError {
  return new HttpError(
    404,
    "UnknownRun",
    `There is no run ${JSON.stringify(id.slice(0, 80))}, or it is too old to be kept. Begin one with POST /v1/runs.`,
  );
}

/** The keys of answers: the values of the key's fields, in Convex's encoded JSON. */
function readKey(text: string): unknown {
  return JSON.parse(text) as unknown;
}

/** The mirror of that name, if the token may. @throws HttpError 404, 403 */
export function mirrorNamed(
  session: ImportSession,
  name: Json | undefined,
  access: "read" | "write",
): Mirror {
  const open = session.mirrors();
  const mirror =
    typeof name === "string" ? (open.find((each) => each.name === name) ?? session.find(name)) : null;
  session.authorize(mirror, access, typeof name === "string" ? name : "");
  if (mirror === null) {
    const known = open.map((each) => each.name).join(", ");
    throw new HttpError(
      404,
      "UnknownMirror",
      `There is no mirror ${typeof name === "string" ? `"${shorten(name)}"` : "of that name, which is not a string"}; this token opens ${known === "" ? "none" : known}. Declare it with mirrorTable in schema.ts and deploy.`,
    );
  }
  return mirror;
}
