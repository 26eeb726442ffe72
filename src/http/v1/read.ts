import { type Json, plainNumber } from "../../core/rows/values.js";
import {
  BUCKETS,
  decodeDigest,
  type Digest,
  emptyDigest,
  encodeDigest,
  rowCount,
} from "../../core/proof/digest.js";
import { hashFromHex, hashToHex } from "../../core/proof/hash.js";
import { CONTENT_KEY_FIELD } from "../../schema/contract.js";
import type { Importer, Mirror } from "../importer.js";
import { badJson, jsonObjectOf } from "../request.js";
import { mirrorNamed } from "./write.js";
import { checkNames } from "./fields.js";

/** The reading half of our own protocol: see v1.ts, and docs/protocol.md. */

/** `GET /v1/status`: the mirrors that the token opens, as the registry knows them, and how busy imports are. */
export async function status(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const [mirrors, budget] = await Promise.all([session.status(), session.budget()]);
  return Response.json({ mirrors, budget });
}

/** `GET /v1/mirrors`: the contracts of the mirrors that the token opens. */
export async function mirrors(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const { access } = session;
  return Response.json({
    mirrors: session.mirrors().map((mirror) => ({ ...describeMirror(mirror), access })),
  });
}

/** `GET /v1/digest?mirror=name`: the digest of a mirror, in the form that `verify` takes. */
export async function digest(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const mirror = mirrorNamed(session, new URL(request.url).searchParams.get("mirror"), "read");
  const kept = decodeDigest(await session.digest(mirror));
  const buckets = Array.from({ length: BUCKETS }, (_, i) => [kept.counts[i]!, hashToHex(kept.sums[i]!)]);
  return Response.json({ mirror: mirror.name, rows: rowCount(kept), buckets });
}

/** `POST /v1/verify`: compares a mirror with its source by the source's digest. */
export async function verify(importer: Importer, request: Request): Promise<Response> {
  const session = await importer.open(request);
  const body = await jsonObjectOf(request, session.body);
  checkNames(body, ["mirror", "buckets"], "a verification");
  const mirror = mirrorNamed(session, body.mirror, "read");
  const theirs = encodeDigest(readBuckets(body.buckets));
  return Response.json({ mirror: mirror.name, ...(await session.verify(mirror, theirs)) });
}

/** The digest of a source: 64 buckets of [count, sum as 16 hexadecimal digits]. @throws HttpError 400 */
function readBuckets(buckets: Json | undefined): Digest {
  if (!Array.isArray(buckets) || buckets.length !== BUCKETS) {
    throw badJson(`"buckets" must be an array of ${String(BUCKETS)} buckets`);
  }
  const digest = emptyDigest();
  buckets.forEach((bucket, i) => {
    const [written, sum, ...more] = Array.isArray(bucket) ? bucket : [];
    const count = plainNumber(written ?? null);
    const isCount = typeof count === "number" && Number.isInteger(count) && count >= 0 && count < 2 ** 31;
    if (!isCount || typeof sum !== "string" || !/^[0-9a-f]{16}$/i.test(sum) || more.length > 0) {
      throw badJson(`buckets[${String(i)}] must be [count, sum], the sum as 16 hexadecimal digits`);
    }
    digest.counts[i] = count;
    digest.sums[i] = hashFromHex(sum);
  });
  return digest;
}

/** What a sender has to know of a mirror: its fields and what the importer does with rows. */
export function describeMirror({ name, contract, fields }: Mirror) {
  const { primaryKey, version, onDelete, deletedField, drift, expectEveryMs, owner } = contract;
  return {
    name,
    source: contract.source ?? name,
    primaryKey,
    version,
    // The content key is the importer's to compute.
    fields: Object.fromEntries(Object.entries(fields).filter(([field]) => field !== CONTENT_KEY_FIELD)),
    columns: contract.columns,
    drop: contract.drop,
    hash: contract.hash,
    filtered: contract.where !== null,
    overflow: contract.overflow,
    drift,
    onDelete,
    deletedField,
    expectEveryMs,
    owner,
  };
}
