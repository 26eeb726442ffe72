import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import { mirrorTable } from "../schema/index.js";
import { AppMirrors } from "./mirrors.js";

const keyed = (source?: string) => mirrorTable({ id: v.number() }, { primaryKey: ["id"], source });

const mirrors = new AppMirrors(
  defineSchema({
    customers: keyed("public.customers"),
    orders: keyed("crm.orders"),
    archived_orders: keyed("archive.orders"),
    stock: keyed("My Stock"),
    events: mirrorTable({ kind: v.string() }),
    notes: defineTable({ text: v.string() }),
  }),
);
const nameOf = (mirror: { name: string } | null) => mirror?.name;

test("only mirrors are mirrors, in the order of the schema", () => {
  expect(mirrors.all.map(nameOf)).toEqual(["customers", "orders", "archived_orders", "stock", "events"]);
  expect(nameOf(mirrors.get("events"))).toBe("events");
  expect(() => mirrors.get("notes")).toThrow('"notes" is not a mirror of this schema.');
});

describe("a stream", () => {
  test.each([
    ["public_customers", "customers"],
    ["customers", "customers"],
    ["crm_orders", "orders"],
    ["archive_orders", "archived_orders"],
    ["source_my_stock", "stock"],
    ["events", "events"],
  ])("%s feeds %s", (stream, mirror) => {
    expect(nameOf(mirrors.find(stream))).toBe(mirror);
  });

  test.each(["public_events", "notes", "Customers", "", "toString", "__proto__"])(
    "%j feeds nothing",
    (stream) => {
      expect(mirrors.find(stream)).toBeNull();
    },
  );

  test("feeds the mirror that declares it rather than one that happens to have its name", () => {
    const both = new AppMirrors(defineSchema({ users: keyed("public.users"), people: keyed("users") }));
    expect(nameOf(both.find("users"))).toBe("people");
    expect(nameOf(both.find("public_users"))).toBe("users");
  });

  test("feeds one mirror only", () => {
    const twice = () => new AppMirrors(defineSchema({ a: keyed("public.users"), b: keyed("public.users") }));
    expect(twice).toThrow(/"public_users".*"a" and "b".*one of them only/);
    const alike = () => new AppMirrors(defineSchema({ a: keyed("x.y_z"), b: keyed("x_y.z") }));
    expect(alike).toThrow(/"x_y_z".*"a" and "b"/);
  });

  test("has a name that Convex could give a table", () => {
    const long = () => new AppMirrors(defineSchema({ a: keyed(`public.${"x".repeat(60)}`) }));
    expect(long).toThrow(/64/);
  });
});

describe("a stream without its namespace", () => {
  test("is found when one mirror only has such a source", () => {
    expect(nameOf(mirrors.findByBareStream("customers"))).toBe("customers");
    expect(nameOf(mirrors.findByBareStream("source_my_stock"))).toBe("stock");
    expect(mirrors.findByBareStream("orders")).toBeNull();
    expect(mirrors.findByBareStream("nobody")).toBeNull();
  });

  test("is nobody's when it is the whole name of another", () => {
    const alike = new AppMirrors(
      defineSchema({
        users: keyed("crm.people"),
        accounts: keyed("public.users"),
        orders: keyed("orders"),
        bills: keyed("public.orders"),
        public_items: keyed(),
      }),
    );
    const find = (stream: string) => nameOf(alike.findByBareStream(stream));
    // A table's name says nothing where its source is another.
    expect(find("users")).toBe("accounts");
    expect(find("people")).toBe("users");
    expect(find("orders")).toBeUndefined();
    expect(find("public_orders")).toBe("bills");
    expect(find("public_items")).toBe("public_items");
    expect(find("items")).toBeUndefined();
  });
});

test("rows are found by the primary key, or by their content when there is none", () => {
  expect(mirrors.get("customers")).toMatchObject({ keyIndex: "by_primary_key", keyFields: ["id"] });
  expect(mirrors.get("events")).toMatchObject({ keyIndex: "by_content", keyFields: ["mirrorKey"] });
});
