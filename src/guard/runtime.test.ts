import { describe, expect, test } from "vitest";
import { backend, guardCtx, refusal, schema, seed, type RawCtx, type Rows } from "./testing/app.js";
import { guardWriter } from "./runtime.js";
import { contractsOf } from "./schema.js";

// The casts are the point here: these are the writes that got past the compiler.
type AnyWriter = Record<string, (...args: any[]) => Promise<any>>;

interface Stage extends Rows {
  /** The guarded writer, without its types. */
  db: AnyWriter;
  raw: RawCtx;
}

/** Runs `play` in a mutation, on rows of every table, and checks that the mirrors stayed as they were. */
async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  await backend().run(async (ctx) => {
    const raw = ctx as RawCtx;
    const rows = await seed(raw);
    const mirrors = async () => [
      await raw.db.query("customers").collect(),
      await raw.db.query("orders").collect(),
    ];
    const before = await mirrors();
    await play({ ...rows, db: guardCtx(raw).db as unknown as AnyWriter, raw });
    expect(await mirrors()).toEqual(before);
  });
}

describe("a mirror is not written", () => {
  const row = { id: 2n, email: "eve@example.com" };

  test.each<[string, (stage: Stage) => unknown]>([
    ["insert", ({ db }) => db.insert!("customers", row)],
    ["patch", ({ db, customer }) => db.patch!("customers", customer, { email: "" })],
    ["replace", ({ db, customer }) => db.replace!("customers", customer, row)],
    ["delete", ({ db, customer }) => db.delete!("customers", customer)],
    ["patch by id", ({ db, customer }) => db.patch!(customer, { email: "" })],
    ["replace by id", ({ db, customer }) => db.replace!(customer, row)],
    ["delete by id", ({ db, customer }) => db.delete!(customer)],
    ["patch of another mirror by id", ({ db, order }) => db.patch!(order, { number: "" })],
    ["delete by id and undefined", ({ db, customer }) => db.delete!(customer, undefined)],
    ["patch by id, value and undefined", ({ db, customer }) => db.patch!(customer, { email: "" }, undefined)],
    ["patch under another table's name", ({ db, customer }) => db.patch!("notes", customer, { email: "" })],
    ["replace under another table's name", ({ db, customer }) => db.replace!("tags", customer, row)],
    ["delete under another table's name", ({ db, customer }) => db.delete!("notes", customer)],
    ["delete under another mirror's name", ({ db, customer }) => db.delete!("orders", customer)],
    ["delete under no table's name", ({ db, customer }) => db.delete!("nowhere", customer)],
    ["delete under a system table's name", ({ db, customer }) => db.delete!("_storage", customer)],
    ["a computed name", ({ db }) => db.insert!(["cust", "omers"].join(""), row)],
    ["a computed method", ({ db, customer }) => db[["del", "ete"].join("")]!("customers", customer)],
    ["a name without the value", ({ db }) => db.patch!("customers", { email: "" })],
    ["the hidden table()", ({ db }) => (db as any).table("customers").insert(row)],
    ["table().patch", ({ db, customer }) => (db as any).table("customers").patch(customer, { email: "" })],
    ["table().replace", ({ db, customer }) => (db as any).table("customers").replace(customer, row)],
    ["table().delete", ({ db, customer }) => (db as any).table("customers").delete(customer)],
    ["table() of another table", ({ db, customer }) => (db as any).table("notes").delete(customer)],
    ["a detached function", ({ db: { insert } }) => insert!("customers", row)],
    ["call", ({ db }) => db.insert!.call(undefined, "customers", row)],
    ["apply", ({ db }) => db.insert!.apply(db, ["customers", row])],
    ["bind", ({ db }) => db.insert!.bind(db, "customers")(row)],
    ["Reflect.apply", ({ db }) => Reflect.apply(db.insert!, db, ["customers", row])],
    ["Reflect.get", ({ db }) => Reflect.get(db, "insert")!("customers", row)],
    ["Object.entries", ({ db }) => Object.fromEntries(Object.entries(db)).insert!("customers", row)],
    [
      "own property descriptors",
      ({ db }) => Object.getOwnPropertyDescriptor(db, "insert")!.value("customers", row),
    ],
    ["a spread", ({ db }) => ({ ...db }).insert!("customers", row)],
    ["Object.assign", ({ db }) => Object.assign({}, db).insert!("customers", row)],
    ["a Proxy", ({ db }) => new Proxy(db, {}).insert!("customers", row)],
    ["an object that inherits it", ({ db }) => Object.create(db).insert("customers", row)],
    ["new Function", ({ db }) => new Function("db", "row", "return db.insert('customers', row)")(db, row)],
  ])("%s", async (_, write) => {
    await onStage(async (stage) => {
      expect(await refusal(() => write(stage))).toMatchObject({ code: "MirrorIsReadOnly" });
    });
  });

  test("a name that only looks like a string is refused", async () => {
    await onStage(async ({ db, customer }) => {
      const disguises = [
        new String("customers"),
        ["customers"],
        { toJSON: () => "customers", startsWith: () => false },
      ];
      for (const disguise of disguises) {
        await expect(db.insert!(disguise, row)).rejects.toThrow("the table must be a string");
        await expect(db.delete!(disguise, customer)).rejects.toThrow("the table must be a string");
      }
      await expect(db.delete!("notes", new String(customer))).rejects.toThrow("the id must be a string");
      await expect(db.delete!(new String(customer))).rejects.toThrow("the id must be a string");
      await expect(db.delete!(null)).rejects.toThrow("the id must be a string, not null");
      await expect(db.patch!(undefined, {})).rejects.toThrow("the id must be a string, not undefined");
    });
  });

  test("the writer is frozen, and holds nothing but its functions", async () => {
    await onStage(async ({ db, raw }) => {
      expect(Object.isFrozen(db)).toBe(true);
      expect(() => Object.assign(db, { insert: raw.db.insert })).toThrow();
      const reachable = Reflect.ownKeys(db).map((key) => Reflect.get(db, key));
      for (const value of Object.values(raw.db)) {
        if (typeof value === "function") expect(reachable).not.toContain(value);
      }
      expect(reachable).not.toContain(raw.db);
      expect(Object.isFrozen((db as any).table("notes"))).toBe(true);
    });
  });
});

describe("everything else works", () => {
  test("tables of the app's own, in both signatures", async () => {
    await onStage(async ({ db, raw, note, tag, customer }) => {
      const id = await db.insert!("notes", { customer, text: "second" });
      expect(await raw.db.get("notes", id)).toMatchObject({ customer, text: "second" });
      await db.patch!("notes", note, { text: "patched" });
      expect((await raw.db.get("notes", note))?.text).toBe("patched");
      await db.patch!(note, { text: "by id" });
      expect((await raw.db.get("notes", note))?.text).toBe("by id");
      await db.replace!("notes", note, { customer, text: "replaced" });
      await db.replace!(note, { customer, text: "replaced by id" });
      expect((await raw.db.get("notes", note))?.text).toBe("replaced by id");
      await db.delete!("notes", id);
      await db.delete!(tag);
      expect(await raw.db.get("notes", id)).toBeNull();
      expect(await raw.db.get("tags", tag)).toBeNull();
    });
  });

  test("table() of a table of the app's own", async () => {
    await onStage(async ({ db, note, customer }) => {
      const notes = (db as any).table("notes");
      await notes.patch(note, { text: "patched" });
      expect((await notes.get(note)).text).toBe("patched");
      await notes.replace(note, { customer, text: "replaced" });
      expect((await notes.query().collect()).length).toBe(1);
      await notes.delete(await notes.insert({ customer, text: "" }));
      expect((await (db as any).table("customers").get(customer)).email).toBe("ada@example.com");
    });
  });

  test("reads", async () => {
    await backend().run(async (raw) => {
      const { customer, note } = await seed(raw);
      const { db } = guardCtx(raw);
      expect(await db.get("customers", customer)).toMatchObject({ email: "ada@example.com" });
      expect(await db.get(note)).toMatchObject({ text: "first" });
      const byEmail = db.query("customers").withIndex("by_email", (q) => q.eq("email", "ada@example.com"));
      expect((await byEmail.unique())?._id).toBe(customer);
      expect(db.normalizeId("customers", customer)).toBe(customer);
      expect(db.normalizeId("notes", customer)).toBeNull();
      expect(await db.system.query("_storage").collect()).toEqual([]);
      expect(db.vars).toBe(raw.db.vars);
    });
  });

  test("Convex's own refusals stay its own", async () => {
    await onStage(async ({ db, note, tag }) => {
      await expect(db.delete!("tags", note)).rejects.toThrow();
      await expect(db.insert!("_storage", {})).rejects.toThrow("read-only");
      await expect(db.delete!("nonsense")).rejects.toThrow();
      await db.delete!(tag);
      await expect(db.delete!("tags", tag)).rejects.toThrow("non-existent");
    });
  });
});

describe("cost", () => {
  /** A writer that does nothing, and counts what the guard asks it. */
  function counting() {
    let asked = 0;
    const done = async () => undefined;
    const writer = {
      insert: done,
      patch: done,
      replace: done,
      delete: done,
      normalizeId: (table: string, id: string) => {
        asked += 1;
        return id.endsWith(table) ? id : null;
      },
    };
    const db = guardWriter(writer as never, {
      mirrors: contractsOf(schema),
      exported: new Set(),
    }) as unknown as AnyWriter;
    return { db, asked: () => asked };
  }

  test("a write that names its table asks nothing, one without a name one question per mirror", async () => {
    const { db, asked } = counting();
    await db.insert!("notes", {});
    await db.patch!("notes", "1;notes", {});
    await db.replace!("notes", "1;notes", {});
    await db.delete!("notes", "1;notes");
    expect(asked()).toBe(0);
    await db.patch!("1;notes", {});
    expect(asked()).toBe(2);
  });

  test("a writer without table() gets none", () => {
    expect(counting().db).not.toHaveProperty("table");
  });

  test("guarding twice is guarding once", async () => {
    await backend().run(async (ctx) => {
      const once = guardCtx(ctx);
      expect(guardCtx(once).db).toBe(once.db);
    });
  });
});
