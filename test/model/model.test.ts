// @vitest-environment node
import fc from "fast-check";
import { afterEach, beforeEach, describe, test, vi } from "vitest";
import { upsert } from "../core/support/sender.js";
import { World, type Row } from "../core/support/world.js";
import { changeOf, commands, refreshes, type Command } from "./commands.js";
import { bag, keyed } from "./mirrors.js";
import { play, type Modelled } from "./play.js";

/** Sequences per mirror; `npm run test:soak` plays many more. */
const RUNS = Number(process.env.SOAK_RUNS ?? 40);
const TIMEOUT_MS = RUNS * 2_000 + 20_000;

/** What the sequences are drawn from, printed with every run; `SEED=… npm run test:soak` plays the same again. */
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`test/model: SEED=${String(SEED)}, ${String(RUNS)} sequences for each mirror`);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function holds<Change>(
  change: fc.Arbitrary<Change>,
  start: (world: World) => Modelled,
  sequences: fc.Arbitrary<Command<Change>[]> = commands(change),
): Promise<void> {
  const property = fc.asyncProperty(sequences, async (all: Command<Change>[]) => {
    const world = await World.start();
    await play(world, start(world), all);
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
}

describe("whatever is sent, resent, reordered, taken over and cut off, a mirror is what its model is", () => {
  test(
    "MODEL-1: with a key, ordered by arrival, with rows that cannot be converted",
    { timeout: TIMEOUT_MS },
    async () => {
      await holds(changeOf(null, false), () => keyed("plain"));
    },
  );

  test(
    "MODEL-2: with a key and a version, with rows that fail in the app's transaction",
    { timeout: TIMEOUT_MS },
    async () => {
      await holds(changeOf("poison", true), (world) => {
        world.poison = ({ row }) => ((row as Row | undefined)?.text === "poison" ? "No." : null);
        return keyed("versioned");
      });
    },
  );

  test("MODEL-3: with a key, a version and soft deletes", { timeout: TIMEOUT_MS }, async () => {
    await holds(changeOf(null, true), () => keyed("soft"));
  });

  test(
    "MODEL-5: with so many rows that a refresh may shrink it too far",
    { timeout: TIMEOUT_MS },
    async () => {
      const base = Array.from({ length: 120 }, (_, i) => upsert({ id: 100 + i, text: "a" }));
      await holds(changeOf(null, false), () => keyed("plain", base));
    },
  );

  test("MODEL-6: with refreshes that other senders number", { timeout: TIMEOUT_MS }, async () => {
    const change = changeOf(null, false);
    await holds(change, () => keyed("plain"), refreshes(change));
  });

  test("MODEL-4: without a key", { timeout: TIMEOUT_MS }, async () => {
    await holds(fc.constantFrom("a", "b", "c"), () => bag());
  });
});
