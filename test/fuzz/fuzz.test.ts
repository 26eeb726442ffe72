// @vitest-environment node
/**
 * Hostile requests on every route. `npm run fuzz` sends 200,000; each world of 400 has a seed of its own, and
 * `SEED=<the one of a failure> npm run fuzz` begins with it.
 */
import { afterEach, beforeEach, test, vi } from "vitest";
import { App, type AppTable } from "../harness.js";
import { checkAnswer, checkLaws, learn } from "./laws.js";
import { Dice, hostileRequest, type Known } from "./requests.js";
import { tokensFor } from "./tokens.js";

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

const seeds = Array.from({ length: Math.ceil(REQUESTS / PER_WORLD) }, (_, i) => SEED + i);

test.each(seeds)("HOSTILE-1: no request breaks anything, seed %i", async (seed) => {
  const dice = new Dice(seed);
  const app = await App.start();
  await app.call("declare");
  const known: Known = { tokens: await tokensFor(app), runs: [], cursors: [] };
  for (let i = 0; i < Math.min(PER_WORLD, REQUESTS); i++) {
    const request = hostileRequest(dice, known);
    const sent = app.send(request.method, request.path, request.body, request.headers);
    const answer = await app.whileTimePasses(sent, 1_000);
    checkAnswer(answer, request);
    learn(answer, known);
    if (dice.often(0.05)) await app.passTime(dice.below(180_000));
  }
  await checkLaws({
    call: async (name, args) => app.call(name, args),
    ledger: async (table) => app.ledger(table),
    mirrors: async () => app.ledger("mirrors"),
    rows: async (table) => app.rows(table as AppTable),
    // Silence, sweeps and pages end.
    settle: async () => {
      for (let hours = 0; hours < 4; hours++) await app.passTime(30 * 60_000);
    },
  });
});
