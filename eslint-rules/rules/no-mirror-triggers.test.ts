// @vitest-environment node
import { errors, moduleOf, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-mirror-triggers"];

const IMPORT =
  'import { Triggers } from "convex-helpers/server/triggers"; const triggers = new Triggers<DataModel>();';
const HANDLERS = [
  "async () => {}",
  "async (ctx, change) => { console.log(change.id); }",
  "async (ctx, change) => { await ctx.db.get(change.id); }",
  "async function (ctx, change) { console.log(ctx, change); }",
  "async (ctx) => { await ctx.db.insert('users', { name: text }); }",
  "async (ctx, { newDoc }) => { if (newDoc) console.log(newDoc._id); }",
];

const valid = (code: string) => moduleOf(`${IMPORT} ${code}`);
const invalid = (code: string, count = 1) => ({
  ...moduleOf(`${IMPORT} ${code}`),
  ...errors(...Array.from({ length: count }, () => "trigger")),
});

runTyped(rule, {
  valid: [
    ...["notes", "users", "carts"].flatMap((table) =>
      HANDLERS.map((handler) => valid(`triggers.register("${table}", ${handler});`)),
    ),
    valid("triggers.register(helpers.OWN, async () => {});"),
    valid("for (const table of helpers.OWN_TABLES) triggers.register(table, async () => {});"),
    valid("export const wrap = triggers.wrapDB;"),
    valid("const other = { register(table: string) { return table; } }; other.register('customers');"),
    valid("export const names = Object.keys(triggers.registered);"),
    moduleOf(
      "class Triggers { register(table: string, fn: () => void) { return [table, fn]; } } new Triggers().register('customers', () => {});",
    ),
    moduleOf(
      "declare const events: { register(name: string, fn: () => void): void }; events.register('customers', () => {});",
    ),
  ],
  invalid: [
    ...["customers", "products"].flatMap((table) =>
      HANDLERS.map((handler) => invalid(`triggers.register("${table}", ${handler});`)),
    ),
    invalid("triggers.register(`customers`, async () => {});"),
    invalid("triggers.register(helpers.MIRROR, async () => {});"),
    invalid("triggers.register('customers' as const, async () => {});"),
    invalid("triggers.register('customers' as 'notes', async () => {});"),
    invalid("triggers.register(('customers'), async () => {});"),
    invalid("triggers.register('customers' satisfies TableNames, async () => {});"),
    invalid("const table = 'customers'; triggers.register(table, async () => {});"),
    invalid("const table = 'customers' as const; triggers.register(table, async () => {});"),
    invalid("for (const table of helpers.TABLES) triggers.register(table, async () => {});"),
    invalid(
      "for (const table of ['customers', 'products'] as const) triggers.register(table, async () => {});",
      2,
    ),
    invalid("triggers['register']('customers', async () => {});"),
    invalid("(triggers).register('customers', async () => {});"),
    invalid("triggers!.register('customers', async () => {});"),
    invalid("const alias = triggers; alias.register('customers', async () => {});"),
    invalid("const holder = { triggers }; holder.triggers.register('customers', async () => {});"),
    invalid("const { register } = triggers; register('customers', async () => {});"),
    invalid("const register = triggers.register; register('customers', async () => {});"),
    invalid(
      "function setUp(t: Triggers<DataModel>) { t.register('products', async () => {}); } setUp(triggers);",
    ),
    invalid("class Mine extends Triggers<DataModel> {} new Mine().register('customers', async () => {});"),
    invalid(
      "class Mine extends Triggers<DataModel> { constructor() { super(); this.register('customers', async () => {}); } } export { Mine };",
    ),
    invalid(
      "triggers.register('customers', async () => {}); triggers.register('products', async () => {});",
      2,
    ),
    invalid("triggers.register('customers', async () => {}); triggers.register('notes', async () => {});"),
    invalid(
      "const watch = <T extends 'customers'>(table: T) => triggers.register(table, async () => {}); watch('customers');",
    ),
    {
      ...moduleOf(
        "import * as library from 'convex-helpers/server/triggers'; new library.Triggers<DataModel>().register('customers', async () => {});",
      ),
      ...errors("trigger"),
    },
    {
      ...moduleOf(
        "import { Triggers as T } from 'convex-helpers/server/triggers'; new T<DataModel>().register('customers', async () => {});",
      ),
      ...errors("trigger"),
    },
    {
      ...moduleOf(`${IMPORT} triggers.register("notes", async () => {});`),
      settings: { "streaming-import": { tables: ["notes"] } },
      ...errors("trigger"),
    },
    {
      ...invalid('triggers.register("customers", async () => {});'),
      name: "names the mirror",
      errors: [
        {
          messageId: "trigger",
          data: {
            mirror: 'the mirror "customers", a copy of public.customers (owner: the billing team)',
            wayOut: "",
          },
        },
      ],
    },
  ],
});

runUntyped(rule, { valid: [], invalid: [{ code: "export const x = 1;", ...errors("needsTypes") }] });
