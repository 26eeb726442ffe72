// @vitest-environment node
/** The functions that a delivery calls, nested ones too: each evaluates its modules again. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The door from queries and mutations to the deployment, which convex-test puts up. */
interface Door {
  syscall: (op: string, args: string) => string;
  asyncSyscall: (op: string, args: string) => Promise<string>;
  jsSyscall: (op: string, args: unknown) => unknown;
}
const holder = globalThis as unknown as { Convex: Door };

/** How many functions the HTTP actions of some work call, and which functions those call themselves, in order. */
async function callsOf(
  world: World,
  work: () => Promise<void>,
): Promise<{ calls: number; nested: string[] }> {
  const door = holder.Convex;
  const { steps } = world.faults;
  const nested: string[] = [];
  holder.Convex = {
    jsSyscall: (op, args) => door.jsSyscall(op, args),
    syscall: (op, args) => door.syscall(op, args),
    asyncSyscall: async (op, args) => {
      if (op === "1.0/runUdf") {
        const { name, reference, functionHandle } = JSON.parse(args) as Record<string, string | undefined>;
        const called = (name ?? reference ?? functionHandle)!;
        nested.push(called.replace(/^.*[/;](?=[^/;]+[/:]\w+$)/, "").replace("/", ":"));
      }
      return await door.asyncSyscall(op, args);
    },
  };
  try {
    await work();
  } finally {
    holder.Convex = door;
  }
  return { calls: world.faults.steps - steps, nested };
}

test.each([1, 1_000])("COST-7: a delivery of %i rows calls four functions", async (rows) => {
  const world = await World.start();
  const send = async (text: string) => {
    const answer = await world.send("POST", "/api/streaming_import/import_airbyte_records", {
      tables: { plain: { jsonSchema: {}, syncMode: "deduplicate", primaryKey: [["id"]] } },
      messages: Array.from({ length: rows }, (_, id) => ({ tableName: "plain", data: { id, text } })),
    });
    expect(answer.status).toBe(200);
  };
  // The first opens a run, and notes that the token is in use, and that its connector is sending.
  expect(await callsOf(world, async () => send("a"))).toEqual({
    calls: 4,
    nested: ["lifecycle:openForRecords", "imports:write", "capability:check"],
  });
  // Changed, unchanged, changed.
  for (const text of ["b", "b", "c"]) {
    expect(await callsOf(world, async () => send(text))).toEqual({
      // access:authenticate and ingest:applyChunk
      calls: 2,
      nested: ["imports:write", "capability:check"],
    });
  }
});
