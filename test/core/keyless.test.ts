// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { expectConserved, expectDigestInStep } from "./support/checks.js";
import { refresh, remove, Sender, upsert } from "./support/sender.js";
import { World } from "./support/world.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const overwrite = { syncMode: "overwrite" } as const;
const texts = (text: string) => Array.from(text, (letter) => ({ text: letter }));

/** The rows of the mirror as the letters of a word, in order of the alphabet. */
async function word(world: World): Promise<string> {
  return (await world.rows("facts"))
    .map(({ text }) => text as string)
    .sort()
    .join("");
}

async function expectSound(world: World): Promise<void> {
  await expectConserved(world, "facts");
  await expectDigestInStep(world, "facts", ["mirrorKey"]);
}

/** A refresh whose rows come in these deliveries. */
async function refreshWith(world: World, ...deliveries: string[]): Promise<void> {
  const sender = await Sender.begin(world, "facts", overwrite);
  for (const letters of deliveries) await sender.deliver(...texts(letters).map(upsert));
  await sender.finish();
  await world.passTime(1_000);
}

test("REFRESH-12: a mirror without a key has as many copies of a row as its refresh delivered, in one delivery or several", async () => {
  const world = await World.start();
  await refreshWith(world, "aab", "abc");
  expect(await word(world)).toBe("aaabbc");
  await expectSound(world);
});

test("REFRESH-13: a refresh of a mirror without a key touches no row that stays", async () => {
  const world = await World.start();
  await refresh(world, "facts", texts("aabbcd"));
  const before = await world.documents("facts");
  await refreshWith(world, "ab", "abcd");
  expect(await world.documents("facts")).toEqual(before);
  expect(await world.run("facts")).toMatchObject({ counts: { inserted: 0 }, swept: 0 });
  await expectSound(world);
});

test("REFRESH-14: surplus copies are deleted, and missing ones added, when the refresh completes", async () => {
  const world = await World.start();
  await refresh(world, "facts", texts("aaabcdd"));
  const before = await world.documents("facts");
  await refreshWith(world, "abb", "bde", "e");
  expect(await word(world)).toBe("abbbdee");
  const stayed = (await world.documents("facts")).filter(({ _id }) => before.some((row) => row._id === _id));
  expect(stayed.map(({ text }) => text).sort()).toEqual(["a", "b", "d"]);
  await expectSound(world);
});

test("REFRESH-15: an interrupted refresh of a mirror without a key loses nothing, and the next one settles the copies", async () => {
  const world = await World.start();
  await refresh(world, "facts", texts("aab"));
  const cut = await Sender.begin(world, "facts", overwrite);
  await cut.deliver(...texts("aac").map(upsert));
  await cut.finish("incomplete");
  expect(await word(world)).toBe("aabc");
  await refreshWith(world, "aac");
  expect(await word(world)).toBe("aac");
  await expectSound(world);
});

test("REFRESH-16: a complete refresh of a mirror without a key may be repeated; no row is duplicated", async () => {
  const world = await World.start();
  for (let i = 0; i < 2; i++) {
    const sender = await Sender.begin(world, "facts", { ...overwrite, generation: 3 });
    await sender.deliver(...texts("aab").map(upsert));
    await sender.finish();
    await world.passTime(1_000);
    expect(await word(world)).toBe("aab");
  }
  await expectSound(world);
});

test.each([0, 2, 3, 4, 5, 6])(
  "REFRESH-17: a sweep of a mirror without a key that dies at step %i starts over, and comes to the same copies",
  async (at) => {
    for (const fault of ["before", "after"] as const) {
      const world = await World.start();
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      await refresh(world, "facts", texts("aaab"));
      const sender = await Sender.begin(world, "facts", overwrite);
      await sender.deliver(...texts("abb").map(upsert));
      await sender.deliver(...texts("bc").map(upsert));
      await sender.finish();
      const start = world.faults.steps;
      world.faults.plan = ({ number }) => (number === start + at ? fault : null);
      await world.passTime(1_000);
      world.faults.plan = () => null;
      await world.passTime(3_600_000);
      expect(await word(world)).toBe("abbbc");
      await expectSound(world);
    }
  },
);

test("REFRESH-18: rows that are appended while a mirror without a key is swept stay", async () => {
  // Before each step of the sweep: its start, a page, a removal, a copy and its end.
  for (let at = 0; at < 5; at++) {
    const world = await World.start();
    await refresh(world, "facts", texts("aaab"));
    const sender = await Sender.begin(world, "facts", overwrite);
    await sender.deliver(...texts("abb").map(upsert));
    await sender.deliver(...texts("bc").map(upsert));
    await sender.finish();
    const start = world.faults.steps;
    let sent = false;
    world.faults.plan = async ({ number }) => {
      if (number >= start + at && !sent) {
        sent = true;
        const live = await Sender.begin(world, "facts", { syncMode: "append" });
        await live.deliver(...texts("bbz").map(upsert));
      }
      return null;
    };
    await world.passTime(1_000);
    expect(sent).toBe(true);
    await world.passTime(3_600_000);
    expect([at, await word(world)]).toEqual([at, "abbbbbcz"]);
    await expectSound(world);
  }
});

test("REFRESH-19: without a refresh, a mirror without a key appends", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "facts", { syncMode: "append" });
  await sender.deliver(...texts("aab").map(upsert));
  await sender.deliver(...texts("ab").map(upsert));
  await sender.finish();
  expect(await word(world)).toBe("aaabb");
  await expectSound(world);
});

test("ORDER-13: a deletion takes one copy away from a mirror without a key, and is ignored when there is none", async () => {
  const world = await World.start();
  const sender = await Sender.begin(world, "facts", { syncMode: "append" });
  await sender.deliver(...texts("aab").map(upsert));
  const { counts } = await sender.deliver(...texts("acc").map(remove), upsert({ text: "d" }));
  expect(counts).toMatchObject({ received: 4, deleted: 1, ignored: 2, inserted: 1 });
  expect(await word(world)).toBe("abd");
  await expectSound(world);
});
