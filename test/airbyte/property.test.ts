/** Random sequences of syncs against a model: a Map for the mirror, and what each attempt of an open refresh brought. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App, type TestRow } from "../harness.js";
import { GENERATIONS, record, state, type Generation, type Message } from "./connector.js";
import { expectConserved, QUIET_MS, sync, users, usersStream } from "./support.js";

beforeEach(() => {
  vi.useFakeTimers();
  // Each delivery is logged, and here are thousands.
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type User = { id: number; name: string | null; age?: number };

interface Sync {
  generation: Generation;
  syncMode: "append" | "append_dedup" | "overwrite";
  namespace: "public" | undefined;
  /** A row, the key of a row to delete, or a STATE. */
  messages: (User | { delete: number } | "state")[];
  /** How often the whole attempt is sent. */
  times: number;
  /** How long the connection rests afterwards. */
  pauseMs: number;
}

const anyId = fc.integer({ min: 1, max: 6 });
const anyUser: fc.Arbitrary<User> = fc
  .record({ id: anyId, name: fc.constantFrom("a", "b", null), age: fc.constantFrom(undefined, 1, 2) })
  .map(({ id, name, age }) => ({ id, name, ...(age !== undefined && { age }) }));
const anySync: fc.Arbitrary<Sync> = fc
  .record({
    generation: fc.constantFrom(...GENERATIONS),
    syncMode: fc.constantFrom("append" as const, "append_dedup" as const, "overwrite" as const),
    namespace: fc.constantFrom("public" as const, undefined),
    messages: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: anyUser },
        { weight: 1, arbitrary: anyId.map((id) => ({ delete: id })) },
        { weight: 1, arbitrary: fc.constant("state" as const) },
      ),
      { maxLength: 10 },
    ),
    times: fc.constantFrom(1, 1, 2),
    pauseMs: fc.constantFrom(1_000, QUIET_MS / 2, QUIET_MS, 3 * QUIET_MS),
  })
  // A full refresh has rows only; that of 0.1.0 begins with the first of them.
  .map((one) => (one.syncMode === "overwrite" ? { ...one, messages: one.messages.filter(isNoDelete) } : one))
  .filter((one) => one.syncMode !== "overwrite" || one.generation !== "G1" || one.messages.some(isUser));

function isNoDelete(message: Sync["messages"][number]): boolean {
  return message === "state" || isUser(message);
}

function isUser(message: Sync["messages"][number]): message is User {
  return message !== "state" && "id" in message;
}

/** Sequences per test run; a fault of this kind needs few. */
const RUNS = 12;

/** A refresh that is open: what each of its attempts has brought, and what came first of all. */
interface Refresh {
  first: Set<number> | null;
  attempts: Set<number>[];
}

/** What a keyed mirror must be after each sync. */
class Model {
  readonly rows = new Map<number, User>();
  #refresh: Refresh | null = null;
  /** The attempt that is under way: whether it has brought a row, and when it last sent anything. */
  #attempt: { hasRows: boolean; lastAt: number } | null = null;

  beginRefresh(now: number, isExplicit: boolean): void {
    // The next refresh tells that the one before it was whole, unless it follows at once and is its retry.
    if (this.#attempt !== null && now - this.#attempt.lastAt >= QUIET_MS) this.settle();
    // A retry may resume from a checkpoint; 0.1.0 starts over.
    if (isExplicit) this.#refresh = null;
    this.#refresh ??= { first: null, attempts: [] };
    this.#refresh.attempts.push(new Set());
    this.#attempt = { hasRows: false, lastAt: -Infinity };
  }

  deliver(changes: readonly (User | { delete: number })[], now: number): void {
    if (this.#attempt !== null) this.#attempt.lastAt = now;
    const users = changes.filter((change) => "id" in change);
    for (const change of changes) {
      if ("delete" in change) this.rows.delete(change.delete);
      else this.rows.set(change.id, change);
    }
    const ids = users.map(({ id }) => id);
    if (ids.length === 0) return;
    if (this.#refresh !== null) {
      this.#refresh.first ??= new Set(ids);
      for (const id of ids) this.#refresh.attempts.at(-1)?.add(id);
    }
    if (this.#attempt !== null) this.#attempt.hasRows = true;
  }

  /** The attempt is over, and with it its refresh: rows that it did not bring are deleted. One without a row says nothing. */
  settle(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt?.hasRows !== true) return;
    const brought = broughtBy(this.#refresh!);
    for (const id of this.rows.keys()) if (!brought.has(id)) this.rows.delete(id);
    this.#refresh = null;
  }

  sorted(): TestRow[] {
    return [...this.rows.values()].sort((a, b) => a.id - b.id);
  }
}

/** REFRESH-25: an attempt that brings most of the first delivery again has started over, and the earlier ones do not count. */
function broughtBy({ first, attempts }: Refresh): Set<number> {
  const startsOver = (ids: Set<number>, i: number): boolean =>
    i > 0 && [...ids].filter((id) => first?.has(id)).length * 2 > first!.size;
  const from = attempts.findLastIndex(startsOver);
  return new Set(attempts.slice(Math.max(from, 0)).flatMap((ids) => [...ids]));
}

async function play(app: App, model: Model, one: Sync): Promise<void> {
  const stream = usersStream(one.syncMode, one.namespace);
  const messages: Message[] = one.messages.map((message, i) => {
    if (message === "state") return state(i);
    return record(
      stream,
      "delete" in message ? { id: message.delete, _ab_cdc_deleted_at: "2024-05-01" } : { ...message },
    );
  });
  const changes = one.messages.filter((message) => message !== "state");
  for (let time = 0; time < one.times; time++) {
    // 0.1.0 tells attempts apart by their second.
    await app.passTime(1_000);
    const { succeeded, states } = await sync(
      app,
      { generation: one.generation, streams: [stream] },
      messages,
    );
    expect(succeeded).toBe(true);
    expect(states).toHaveLength(messages.length - changes.length);
    const now = Date.now();
    if (one.syncMode === "overwrite") model.beginRefresh(now, one.generation === "G1");
    for (const delivery of deliveriesOf(one.messages)) model.deliver(delivery, now);
    // 0.1.0 says when it is done.
    if (one.syncMode === "overwrite" && one.generation === "G1") model.settle();
  }
  await app.passTime(one.pauseMs);
  if (one.pauseMs >= QUIET_MS) model.settle();
}

/** The connector sends what it has before it acknowledges a STATE. */
function deliveriesOf(messages: Sync["messages"]): Exclude<Sync["messages"][number], "state">[][] {
  const deliveries: Exclude<Sync["messages"][number], "state">[][] = [[]];
  for (const message of messages) {
    if (message === "state") deliveries.push([]);
    else deliveries.at(-1)!.push(message);
  }
  return deliveries.filter((changes) => changes.length > 0);
}

test("after any sequence of syncs the mirror is what the sources said, and every row is accounted for", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anySync, { minLength: 1, maxLength: 6 }), async (syncs) => {
      const app = await App.start();
      const model = new Model();
      for (const one of syncs) {
        await play(app, model, one);
        expect(await users(app)).toEqual(model.sorted());
        await expectConserved(app, "users");
      }
      await app.passTime(QUIET_MS);
      model.settle();
      expect(await users(app)).toEqual(model.sorted());
      const [mirror] = (await app.ledger("mirrors")).filter(({ name }) => name === "users");
      const kept = new Set((await app.ledger("manifests")).map(({ generation }) => generation));
      expect([...kept]).toEqual(mirror!.generationOpen && kept.size > 0 ? [mirror!.generation] : []);
    }),
    { numRuns: RUNS },
  );
});
