// @vitest-environment node
/**
 * Hostile requests on every route. `npm run fuzz` sends 200,000; each world of 400 has a seed of its own, and
 * `SEED=<the one of a failure> npm run fuzz` begins with it.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { convexToJson } from "convex/values";
import ledgerSchema from "../../convex/schema.js";
import { App, type Answer, type AppTable } from "../harness.js";
import { Dice, hostileRequest, type HostileRequest, type Known } from "./requests.js";

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 400);
const PER_WORLD = 400;
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

beforeEach(() => {
  vi.useFakeTimers();
  for (const method of ["log", "error", "warn"] as const)
    vi.spyOn(console, method).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function start(): Promise<{ app: App; known: Known }> {
  const app = await App.start();
  const create = async (options: object) => (await app.component("tokens:create", options)) as string;
  await app.call("declare");
  const tokens = {
    all: app.token,
    narrow: await create({ name: "narrow", mirrors: ["users", "conformance_plain"] }),
    reader: await create({ name: "reader", mirrors: ["*"], access: "read" }),
    exporter: await create({ name: "exporter", mirrors: ["*"], access: "export" }),
    signed: await create({ name: "signed", mirrors: ["*"], signed: true }),
    revoked: await create({ name: "revoked", mirrors: ["*"] }),
  };
  await app.call("revokeToken", { name: "revoked" });
  return { app, known: { tokens, runs: [], cursors: [] } };
}

/** What every answer has to be. */
function check(answer: Answer, request: HostileRequest): void {
  const about = `${request.method} ${request.path}\n${JSON.stringify(request.headers)}\n${String(request.body).slice(0, 2_000)}\n${answer.text.slice(0, 1_000)}`;
  expect(answer.status === 503 || answer.status < 500, `${String(answer.status)} for ${about}`).toBe(true);
  if (answer.status < 400 || answer.text === "") return;
  if (answer.status === 404 && !answer.text.startsWith("{")) return;
  expect(answer.json(), about).toMatchObject({ code: expect.any(String), message: expect.any(String) });
  expect(answer.text.length, `the length of the answer to ${about}`).toBeLessThan(70_000);
}

/** Remembers what later requests can use. */
function learn({ status, text }: Answer, known: Known): void {
  if (status !== 200 || !text.startsWith("{")) return;
  const { run, mirror, nextSequence, sequence, delivery, cursor } = JSON.parse(text) as Record<
    string,
    unknown
  >;
  if (typeof run === "string" && typeof mirror === "string")
    known.runs = [...known.runs, { id: run, mirror, sequence: Number(nextSequence) }].slice(-4);
  // The answer to a delivery does not name its run; the newest is the likeliest.
  if (typeof delivery === "string")
    for (const each of known.runs) if (each.sequence === sequence) each.sequence += 1;
  if (cursor !== undefined) known.cursors = [...known.cursors, cursor].slice(-4);
}

/** The laws of the ledger: nothing is lost, nothing is counted twice, and every digest is that of its rows. */
async function checkLaws(app: App): Promise<void> {
  // What is under way ends: silence, sweeps, pages.
  for (let hours = 0; hours < 4; hours++) await app.passTime(30 * 60_000);
  const [mirrors, entries, runs, deliveries] = await Promise.all([
    app.ledger("mirrors"),
    app.ledger("quarantine"),
    app.ledger("runs"),
    app.ledger("deliveries"),
  ]);
  const sum = ({ received = 0, ...rest }: Record<string, number>) => [
    received,
    Object.values(rest).reduce((all, each) => all + each, 0),
  ];
  for (const { counts } of [...runs, ...deliveries, ...mirrors.map(({ total }) => ({ counts: total }))]) {
    const [received, decided] = sum(counts);
    expect(decided).toBe(received);
  }
  for (const { name, rows, total, deletes, removed, copied, quarantined } of mirrors) {
    const { inserted, deleted } = total;
    expect(rows, `rows of ${name}`).toBe((await app.rows(name as AppTable)).length);
    expect(rows, `rows of ${name} by its counters`).toBe(
      inserted - (deletes === "hard" ? deleted : 0) - removed + copied,
    );
    expect(quarantined, `changes of ${name} that wait`).toBe(
      entries.filter(({ mirror }) => mirror === name).length,
    );
    await app.call("audit", { mirror: name });
  }
  // On Convex no document is larger, and no text has half of a surrogate pair.
  for (const table of Object.keys(ledgerSchema.tables) as (keyof typeof ledgerSchema.tables)[]) {
    for (const document of await app.ledger(table)) {
      const json = JSON.stringify(convexToJson(document as never));
      expect(json.length, table).toBeLessThan(2 ** 20);
      expect(json, table).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
    }
  }
  await app.passTime(60_000);
  for (const { name } of mirrors) {
    const report = (await app.call("auditReport", { mirror: name })) as { state: string } | null;
    expect([name, report?.state]).toEqual([name, "equal"]);
  }
}

const seeds = Array.from({ length: Math.ceil(REQUESTS / PER_WORLD) }, (_, i) => SEED + i);

test.each(seeds)("HOSTILE-1: no request breaks anything, seed %i", async (seed) => {
  const dice = new Dice(seed);
  const { app, known } = await start();
  for (let i = 0; i < Math.min(PER_WORLD, REQUESTS); i++) {
    const request = hostileRequest(dice, known);
    const sent = app.send(request.method, request.path, request.body, request.headers);
    const answer = await app.whileTimePasses(sent, 1_000);
    check(answer, request);
    learn(answer, known);
    if (dice.often(0.05)) await app.passTime(dice.below(180_000));
  }
  await checkLaws(app);
});
