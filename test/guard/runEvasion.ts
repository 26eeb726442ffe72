import { convexTest } from "convex-test";
import {
  internalMutationGeneric,
  mutationGeneric,
  queryGeneric,
  type GenericMutationCtx,
  type GenericDataModel,
} from "convex/server";
import { ConvexError, convexToJson, type Value } from "convex/values";
import { guard, MIRROR_IS_READ_ONLY } from "../../src/guard/index.js";
import { fileOf, type Evasion } from "./evasions/index.js";
import { hostileLibrary } from "./hostileLibrary.js";
import { AppModules, NotInstalled } from "./modules.js";
import schema from "./fixture/convex/schema.js";

type RawCtx = GenericMutationCtx<GenericDataModel>;

/** What a run of a program did. */
export type Outcome =
  /** A row of a mirror was inserted, changed or deleted. */
  | "writes"
  /** The guard's error was thrown, and the mirrors stayed as they were. */
  | "refused"
  /** Another error was thrown, and the mirrors stayed as they were. */
  | "fails"
  | "runs";

const MIRRORS = ["customers", "products"] as const;
/** Real ones: in a transaction, convex-test takes them away from the code that runs. */
const { setImmediate } = globalThis;

/** The rows that a program finds, by table. */
type Ids = Readonly<Record<"customers" | "products" | "notes" | "users" | "carts" | "_storage", string>>;

/**
 * What a program that was called "text" may hold: the name of a mirror, the id of one of its rows, the name of a
 * method, or JSON.
 */
const TEXTS: readonly ((ids: Ids) => string)[] = [
  () => "customers",
  ({ customers }) => customers,
  () => "insert",
  () => "null",
  ({ customers }) => JSON.stringify({ table: "customers", id: customers, value: { email: "" } }),
];

/** Runs a program in an app with Convex's own builders: what it would do without the guard, and with which text. */
export async function runRaw(evasion: Evasion): Promise<{ outcome: Outcome; text: number }> {
  let first: Outcome | null = null;
  for (const text of TEXTS.keys()) {
    const outcome = await run(evasion, text, false);
    if (outcome === "writes") return { outcome, text };
    first ??= outcome;
  }
  return { outcome: first ?? "fails", text: 0 };
}

/** Runs a program in an app with the guarded builders. */
export function runGuarded(evasion: Evasion, text: number): Promise<Outcome> {
  return run(evasion, text, true);
}

async function run(evasion: Evasion, textIndex: number, isGuarded: boolean): Promise<Outcome> {
  // What the guard lets through shall reach the table, also a row that the schema would not take.
  const t = convexTest({ ...schema, schemaValidation: false } as unknown as typeof schema, {
    "./_generated/server.js": () => Promise.resolve({}),
  });
  const errors: unknown[] = [];
  const ids = await t.run(async (ctx) => ({
    ...(await seed(ctx as unknown as RawCtx)),
    _storage: await ctx.storage.store(new Blob(["x"])),
  }));
  const before = await t.run((ctx) => rowsOf(ctx as unknown as RawCtx));
  await collectingRejections(errors, () =>
    t.run(async (ctx) => {
      try {
        await play(evasion, ctx as unknown as RawCtx, ids, TEXTS[textIndex]!(ids), isGuarded);
      } catch (error) {
        errors.push(error);
      }
      // Time for what the program did not wait for.
      for (let tick = 0; tick < 3; tick += 1) await new Promise((resolve) => setImmediate(resolve));
      return null;
    }),
  );
  const notInstalled = errors.find((error) => error instanceof NotInstalled);
  if (notInstalled !== undefined) throw notInstalled;
  if ((await t.run((ctx) => rowsOf(ctx as unknown as RawCtx))) !== before) return "writes";
  if (errors.some(isRefusal)) return "refused";
  if (errors.length > 0 && process.env["DEBUG_EVASIONS"])
    console.log(evasion.id, isGuarded, textIndex, errors);
  return errors.length > 0 ? "fails" : "runs";
}

async function play(
  evasion: Evasion,
  raw: RawCtx,
  ids: Ids,
  text: string,
  isGuarded: boolean,
): Promise<void> {
  const builders = { mutation: mutationGeneric, internalMutation: internalMutationGeneric };
  const guarded = guard(schema, builders as never) as unknown as typeof builders & {
    guardCtx: (ctx: RawCtx) => RawCtx;
  };
  const ctx = isGuarded ? guarded.guardCtx(raw) : raw;
  const row = { id: 9n, email: "eve@example.com", updated_at: 0 };
  const library = hostileLibrary(row);
  const { mutation, internalMutation } = isGuarded ? guarded : builders;
  const app = new AppModules(
    {
      "untrusted-library": library,
      "./_generated/server.js": { query: queryGeneric, mutation, internalMutation },
      ...(isGuarded ? { "./guarded.js": guarded } : {}),
    },
    { row, text, external: library["consume"], console: { log: () => undefined, error: () => undefined } },
  );
  const exported = app.run(fileOf(evasion), `${evasion.id}.${evasion.extension}`);
  const customer = await raw.db.get(ids.customers as never);
  if (evasion.driver !== null) {
    const names = { ...exported, ctx, customer, ids };
    const driver = app.run(
      `export async function drive({ ${Object.keys(names).join(", ")} }) { ${evasion.driver} }`,
      "driver.js",
    ) as { drive: (names: object) => Promise<void> };
    await driver.drive(names);
    return;
  }
  const registered = registeredIn(exported);
  for (const one of registered) await one._handler(raw, argumentsFor(one, ids));
  if (registered.length > 0) return;
  for (const [name, one] of Object.entries(exported)) {
    if (typeof one !== "function" || name === "default") continue;
    const args = [ids.customers, ids.notes, ids.users];
    if (name === "run") await one(ctx, customer, ...args);
    else await one(ctx, ids.customers, ids.users, ids.notes);
  }
}

interface Registered {
  _handler: (ctx: RawCtx, args: object) => Promise<unknown>;
  exportArgs: () => string;
}

/** The functions that a module registers, also those in objects and lists that it exports. */
function registeredIn(value: unknown, depth = 3): Registered[] {
  if (typeof value === "function" && "_handler" in value) return [value as unknown as Registered];
  if (typeof value !== "object" || value === null || depth === 0) return [];
  return Object.values(value).flatMap((one) => registeredIn(one, depth - 1));
}

interface ValidatorJson {
  type: string;
  value?: unknown;
  tableName?: string;
}

/** Arguments that a registered function accepts: ids of the rows that are there. */
function argumentsFor(one: Registered, ids: Ids): object {
  const validator = JSON.parse(one.exportArgs()) as ValidatorJson;
  if (validator.type !== "object") return { id: ids.customers, ids: [ids.customers] };
  return valueFor(validator, ids) as object;
}

function valueFor({ type, value, tableName }: ValidatorJson, ids: Ids): unknown {
  switch (type) {
    case "id":
      return ids[tableName as keyof Ids];
    case "literal":
      return value;
    case "array":
      return [valueFor(value as ValidatorJson, ids)];
    case "union":
      return valueFor((value as ValidatorJson[])[0]!, ids);
    case "object": {
      const fields = Object.entries(value as Record<string, { fieldType: ValidatorJson; optional: boolean }>);
      return Object.fromEntries(
        fields
          .filter(([, field]) => !field.optional)
          .map(([name, field]) => [name, valueFor(field.fieldType, ids)]),
      );
    }
    case "bigint":
      return 1n;
    case "number":
      return 1;
    default:
      return "customers";
  }
}

async function seed({ db }: RawCtx): Promise<Omit<Ids, "_storage">> {
  const customers: string = await db.insert("customers", { id: 1n, email: "ada@example.com", updated_at: 0 });
  const users: string = await db.insert("users", { name: "Ada" });
  return {
    customers,
    products: await db.insert("products", { sku: "A", title: "A" }),
    notes: await db.insert("notes", { customerId: customers, text: "" }),
    users,
    carts: await db.insert("carts", { userId: users, productIds: [] }),
  };
}

async function rowsOf({ db }: RawCtx): Promise<string> {
  const rows = await Promise.all(MIRRORS.map((table) => db.query(table).collect()));
  return JSON.stringify(convexToJson(rows as Value));
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof ConvexError &&
    typeof error.data === "object" &&
    (error.data as { code?: unknown }).code === MIRROR_IS_READ_ONLY
  );
}

/** Programs drop promises; what those reject with is an outcome like any other, not a failure of the test. */
async function collectingRejections(errors: unknown[], play: () => Promise<unknown>): Promise<void> {
  const others = process.listeners("unhandledRejection");
  const collect = (error: unknown): void => {
    errors.push(error);
  };
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
  try {
    await play();
  } finally {
    process.removeListener("unhandledRejection", collect);
    for (const other of others) process.on("unhandledRejection", other);
  }
}
