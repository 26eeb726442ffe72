/** What the tests of our own protocol share: a sender, and the laws that hold after every test. */
import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Counts } from "../../src/core/wire/changes.js";
import { countsOf } from "../../src/core/wire/counts.js";
import { addRow, emptyDigest } from "../../src/core/proof/digest.js";
import { hashToHex, keyHash, rowHash } from "../../src/core/proof/hash.js";
import { keyOf } from "../../src/core/rows/paths.js";
import { CONTENT_KEY_FIELD, mirrorContracts } from "../../src/schema/contract.js";
import { App, type Answer, type AppTable, type TestRow } from "../harness.js";
import schema from "../app/schema.js";

/** A mirror of the app under test. */
export type MirrorName = Exclude<AppTable, "notes">;

/** What `GET /v1/status` says of a mirror. */
export interface Status {
  name: string;
  state: string;
  reason: string;
  syncMode: string | null;
  rows: number;
  quarantined: number;
  total: Counts;
  removed: number;
  copied: number;
  generation: number;
  epoch: number;
  running: boolean;
  lagMs: number | null;
  lastHeardAt: string | null;
  lastError: string | null;
}

export interface Begun {
  mirror: string;
  run: string;
  epoch: number;
  generation: number | null;
  continued: boolean;
  nextSequence: number;
  resend: unknown[];
}

export interface Delivered {
  delivery: string;
  sequence: number;
  replayed: boolean;
  counts: Counts;
  quarantinedKeys: unknown[];
}

const contracts = mirrorContracts(schema);
let apps: App[] = [];

/** Fake time for every test of a file, and the conservation laws after each. */
export function setUp(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, "log").mockImplementation(() => undefined);
  });
  afterEach(async () => {
    const started = apps;
    apps = [];
    try {
      for (const app of started) await expectLaws(app);
    } finally {
      vi.useRealTimers();
      vi.restoreAllMocks();
    }
  });
}

/** An app whose laws are looked after. */
export async function start(mirrors = ["*"]): Promise<App> {
  const app = await App.start(mirrors);
  apps.push(app);
  return app;
}

/** The JSON of an answer. */
export function bodyOf<Body = Record<string, unknown>>(answer: Answer): Body {
  return JSON.parse(answer.text) as Body;
}

/** The JSON of an answer that must be a success. */
export function ok<Body = Record<string, unknown>>(answer: Answer): Body {
  expect(answer.status, answer.text).toBe(200);
  return bodyOf<Body>(answer);
}

/** A refusal: its status, its code, and a sentence that says what to do. Returns its details. */
export function expectRefused(
  answer: Answer,
  status: number,
  code: string,
  message: RegExp,
): Record<string, unknown> {
  expect(answer.status, answer.text).toBe(status);
  const { code: found, message: sentence, ...details } = bodyOf<{ code: string; message: string }>(answer);
  expect(found).toBe(code);
  expect(sentence).toMatch(message);
  expect(sentence, "ends as a sentence").toMatch(/[.!)`]$/);
  return details;
}

/** One run of a sender, which numbers its deliveries by itself. */
export class Run {
  #sequence: number;

  private constructor(
    readonly app: App,
    readonly begun: Begun,
  ) {
    this.#sequence = begun.nextSequence - 1;
  }

  static async begin(app: App, mirror: MirrorName, options: object = {}): Promise<Run> {
    const begun = ok<Begun>(
      await app.send("POST", "/v1/runs", { mirror, syncMode: "append_dedup", ...options }),
    );
    return new Run(app, begun);
  }

  /** A full refresh of a mirror. */
  static async refresh(app: App, mirror: MirrorName, options: object = {}): Promise<Run> {
    return await Run.begin(app, mirror, { syncMode: "overwrite", ...options });
  }

  get id(): string {
    return this.begun.run;
  }

  /** The body of a delivery: the next of this run, unless `head` says otherwise. */
  body(
    changes: unknown[],
    head: { delivery?: string; sequence?: number } & object = {},
  ): Record<string, unknown> {
    const sequence = head.sequence ?? this.#sequence + 1;
    return { run: this.id, delivery: `d${String(sequence)}`, sequence, ...head, changes };
  }

  /** Sends a delivery; the next one follows it when it was accepted. */
  async send(changes: unknown[], head: object = {}): Promise<Answer> {
    const body = this.body(changes, head);
    const answer = await this.app.send("POST", "/v1/deliveries", body);
    if (answer.status === 200) {
      expectConservedCounts(bodyOf<Delivered>(answer).counts);
      this.#sequence = Math.max(this.#sequence, body.sequence as number);
    }
    return answer;
  }

  /** Sends a delivery that must be accepted. */
  async deliver(changes: unknown[], head: object = {}): Promise<Delivered> {
    return ok<Delivered>(await this.send(changes, head));
  }

  async end(outcome: string, reason?: string): Promise<Answer> {
    return await this.app.send("POST", `/v1/runs/${this.id}/finish`, {
      outcome,
      ...(reason !== undefined && { reason }),
    });
  }

  /** Says that everything was sent, and waits until a refresh is swept. */
  async complete(): Promise<void> {
    ok(await this.end("complete"));
    await this.app.passTime(1_000);
  }

  /** The run as the ledger knows it. */
  async state(): Promise<{
    state: string;
    reason: string;
    counts: Counts;
    generation?: number;
    swept: number;
  }> {
    const run = (await this.app.ledger("runs")).find(({ _id }) => _id === this.id);
    if (run === undefined) throw new Error("the run is gone");
    return { ...run, counts: countsOf(run.counts) };
  }
}

export function upsert(row: TestRow, more: object = {}): object {
  return { op: "upsert", row, ...more };
}

export function update(row: TestRow, more: object = {}): object {
  return { op: "update", row, ...more };
}

export function remove(row: TestRow, more: object = {}): object {
  return { op: "delete", row, ...more };
}

/** Rows of a mirror in the order of a field, without what the importer adds. */
export async function rowsBy(app: App, mirror: MirrorName, field: string): Promise<TestRow[]> {
  const rows = (await app.rows(mirror)).map(({ [CONTENT_KEY_FIELD]: _, ...row }) => row);
  return rows.sort((a, b) => ((a[field] as never) < (b[field] as never) ? -1 : 1));
}

/** What a sender is told of a mirror. */
export async function statusOf(app: App, mirror: MirrorName): Promise<Status> {
  const { mirrors } = ok<{ mirrors: Status[] }>(await app.send("GET", "/v1/status"));
  const found = mirrors.find(({ name }) => name === mirror);
  if (found === undefined) throw new Error(`no mirror ${mirror} in the status`);
  return found;
}

/** Counts of what happened to changes, those of zero left out. */
export function happened({ received: _, ...counts }: Counts): Partial<Counts> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** received = inserted + updated + unchanged + deleted + stale + ignored + quarantined. */
export function expectConservedCounts({ received, ...became }: Counts): void {
  expect(Object.values(became).reduce((sum, count) => sum + count, 0)).toBe(received);
  expect(Math.min(...Object.values(became))).toBeGreaterThanOrEqual(0);
}

/** What holds for every mirror, run and delivery at any time: nothing disappears, and the digest is that of the rows. */
export async function expectLaws(app: App): Promise<void> {
  for (const { counts } of [...(await app.ledger("runs")), ...(await app.ledger("deliveries"))]) {
    expectConservedCounts(countsOf(counts));
  }
  for (const mirror of (await app.call("status")) as Status[]) {
    const name = mirror.name as MirrorName;
    const { total, rows, removed, copied } = mirror;
    expectConservedCounts(total);
    // Rows that are deleted softly stay.
    const gone = contracts.get(name)!.onDelete === "hard" ? total.deleted : 0;
    expect(rows, `rows of ${name}`).toBe(total.inserted - gone - removed + copied);
    const stored = await app.rows(name);
    expect(stored.length, `rows in ${name}`).toBe(rows);
    const entries = (await app.ledger("quarantine")).filter((entry) => entry.mirror === name);
    expect(mirror.quarantined, `quarantined of ${name}`).toBe(entries.length);
    expect(await keptDigest(app, name), `digest of ${name}`).toEqual(digestOf(name, stored));
  }
}

async function keptDigest(app: App, mirror: string): Promise<[number, string][]> {
  const digest = (await app.component("write/digests:get", { mirror })) as ArrayBuffer;
  const view = new DataView(digest);
  return Array.from({ length: 64 }, (_, i) => [
    view.getInt32(i * 12),
    hashToHex(view.getBigUint64(i * 12 + 4)),
  ]);
}

/** The digest of rows, computed anew: what a source would send to `POST /v1/verify`. */
export function digestOf(mirror: MirrorName, rows: readonly TestRow[]): [number, string][] {
  const digest = emptyDigest();
  for (const row of rows as Record<string, Value>[]) {
    const key = keyOf(row, contracts.get(mirror)!.primaryKey ?? [CONTENT_KEY_FIELD]);
    addRow(digest, keyHash(key as Value[]), rowHash(row));
  }
  return Array.from(digest.counts, (count, i) => [count, hashToHex(digest.sums[i]!)]);
}

/** A value in Convex's encoded JSON. */
export function decoded(json: unknown): Value {
  return jsonToConvex(json as JSONValue);
}
