/**
 * Which mutations of the component conflict with each other: what each reads and changes is recorded, for two mirrors
 * with senders of their own, and compared. A mutation reruns if another commits a change of what it has read.
 */
import { refresh, Sender, update, upsert } from "../../test/core/support/sender.js";
import { schema } from "../../test/core/support/schema.js";
import { type Recorded, World } from "../../test/core/support/world.js";
import type { Schema } from "../../tools/local-convex/mock.js";

/** `reader` reruns if `writer` commits first. */
export interface Pair {
  reader: string;
  writer: string;
  /** Tables with the documents that they share. */
  tables: string[];
}

const MIRRORS = ["versioned", "punctual"] as const;

/** Plays everything that senders, jobs and operators do to each of two mirrors. */
async function recordMutations(): Promise<Recorded[]> {
  const world = await World.start({ schema: schema as unknown as Schema });
  const tokens = { versioned: world.token, punctual: await world.createToken("another") };
  // The documents that are there before: the first run of a mirror, its digest, its samples.
  for (const mirror of MIRRORS) {
    world.token = tokens[mirror];
    await refresh(world, mirror, [row(1), row(2), row(3)]);
  }
  const recorded = world.record();
  for (const mirror of MIRRORS) {
    world.token = tokens[mirror];
    await playSender(world, mirror);
    await playConnector(world, mirror);
    await playOperator(world, mirror);
  }
  await world.component("maintenance:prune");
  await world.call("declare");
  return recorded;
}

const row = (id: number, text = "a") => ({ id, text });

/** A sender of protocol v1: live changes, rows that do not fit, and a refresh that deletes rows. */
async function playSender(world: World, mirror: string): Promise<void> {
  const live = await Sender.begin(world, mirror);
  for (const id of [1, 2, 4]) await live.deliver(upsert(row(id, "live")));
  await world.passTime(400);
  await live.deliver(upsert(row(5)), upsert({ id: 6, text: 7 }), update({ id: 6, text: "held" }));
  await world.passTime(70_000);
  await live.deliver(upsert(row(5, "b")));
  await live.finish();
  const refreshed = await Sender.begin(world, mirror, { syncMode: "overwrite" });
  await refreshed.deliver(upsert(row(1, "c")), upsert(row(2, "c")), upsert(row(4, "c")));
  await refreshed.deliver(upsert(row(7)));
  await refreshed.finish();
  await world.passTime(60_000);
  const cut = await Sender.begin(world, mirror, { syncMode: "overwrite" });
  await cut.deliver(upsert(row(1, "d")));
  await cut.finish("incomplete");
}

/** Airbyte's connector, which falls silent when it is done, and is cut off when a request fails. */
async function playConnector(world: World, mirror: string): Promise<void> {
  const tables = { [mirror]: { jsonSchema: {}, primaryKey: [["id"]] } };
  const send = async (...data: object[]) =>
    world.send("POST", "/api/streaming_import/import_airbyte_records", {
      tables,
      messages: data.map((each) => ({ tableName: mirror, data: each })),
    });
  const clear = async () => world.send("PUT", "/api/streaming_import/clear_tables", { tableNames: [mirror] });
  await clear();
  await send(row(1, "e"), row(2, "e"));
  await world.passTime(10 * 60_000);
  await clear();
  await send(row(1, "f"));
  // A request that is refused cuts the refresh off.
  await world.send("POST", "/api/streaming_import/import_airbyte_records", {
    tables,
    messages: [{ tableName: "unknown", data: row(1) }],
  });
  await send();
  await world.passTime(10 * 60_000);
}

async function playOperator(world: World, mirror: string): Promise<void> {
  const sender = await Sender.begin(world, mirror);
  await sender.deliver(upsert({ id: 8, text: 9 }), upsert({ id: 9, text: 9 }));
  await world.call("replayQuarantine", { mirror });
  const [waiting] = (await world.ledger("quarantine")).filter((entry) => entry.mirror === mirror);
  if (waiting !== undefined) await world.call("discardQuarantine", { mirror, ids: [waiting._id] });
  await sender.finish();
  await world.call("audit", { mirror });
  await world.passTime(10_000);
  await world.call("pause", { mirror });
  await world.call("resume", { mirror });
  await world.call("clearMirror", { mirror });
  await world.passTime(10_000);
}

/** The pairs among these mutations, by name. */
function pairsOf(readers: readonly Recorded[], writers: readonly Recorded[]): Pair[] {
  const found = new Map<string, Pair & { set: Set<string> }>();
  for (const reader of readers) {
    if (reader.changes.length === 0) continue;
    for (const writer of writers) {
      if (writer === reader) continue;
      for (const change of writer.changes) {
        if (!reader.read.hasRead(change)) continue;
        const key = `${reader.name} ${writer.name}`;
        const pair = found.get(key) ?? {
          reader: reader.name,
          writer: writer.name,
          tables: [],
          set: new Set(),
        };
        pair.set.add(change.table);
        found.set(key, pair);
      }
    }
  }
  return [...found.values()]
    .map(({ set, ...pair }) => ({ ...pair, tables: [...set].sort() }))
    .sort((a, b) => a.reader.localeCompare(b.reader) || a.writer.localeCompare(b.writer));
}

/** What the component does by itself for an app that has changed, and what is rare: these may meet any mirror. */
export const FOR_ALL_MIRRORS: ReadonlySet<string> = new Set(["imports:declare", "maintenance:prune"]);

/** Whom a mutation is about: the mirror whose documents it writes; "" for none or several. */
function mirrorOf({ changes }: Recorded): string {
  const named = new Set<string>();
  for (const { table, before, after } of changes) {
    const document = after ?? before;
    if (table === "mirrors") named.add(String(document?.name));
    else if (typeof document?.mirror === "string") named.add(document.mirror);
  }
  const [only, ...others] = named;
  return only === undefined || others.length > 0 ? "" : only;
}

export interface Contention {
  /** Names of the mutations that were recorded. */
  names: string[];
  /** Of one mirror. */
  same: Pair[];
  /** Of different mirrors, but for what is done for all of them. */
  across: Pair[];
}

/** Plays everything, and compares. */
export async function measureContention(): Promise<Contention> {
  const recorded = await recordMutations();
  const of = new Map<string, Recorded[]>();
  for (const each of recorded) {
    const mirror = FOR_ALL_MIRRORS.has(each.name) ? "all" : mirrorOf(each);
    of.set(mirror, [...(of.get(mirror) ?? []), each]);
  }
  const [one = [], other = []] = MIRRORS.map((mirror) => of.get(mirror) ?? []);
  const rest = of.get("") ?? [];
  return {
    names: [...new Set(recorded.map(({ name }) => name))].sort(),
    same: pairsOf([...one, ...rest], [...one, ...rest]),
    across: [...pairsOf(one, other), ...pairsOf(other, one)],
  };
}
