// @vitest-environment node
import { errors, runTyped, runUntyped } from "../../test/guard/ruleTester.js";
import { rules } from "../plugin.js";

const rule = rules["no-raw-syscalls"];

const VALID = [
  'export const x = "1.0/get";',
  'export const x = "1.0/queryStream";',
  'export const x = "insert";',
  'export const x = "2.0/insert";',
  'export const url = "https://example.com/api/customers";',
  'export const url = "https://example.com/api/importers";',
  'export const url = "/streaming_import/records";',
  'export const url = "https://docs.example.com/import";',
  "export const url = (id: string) => `https://example.com/api/items/${id}`;",
  'import { v } from "convex/values"; export const x = v;',
  'import { defineSchema } from "convex/server"; export const x = defineSchema;',
  'import { ConvexHttpClient } from "convex/browser"; export const x = ConvexHttpClient;',
  'import { useQuery } from "convex/react"; export const x = useQuery;',
  'import { crud } from "convex-helpers/server/crud"; export const x = crud;',
  'import { Convex } from "./helpers.js"; export const x = Convex.asyncSyscall("x");',
  "class Convex { static syscall(x: string) { return x; } } export const x = Convex.syscall('a');",
  "const Convex = { asyncSyscall: (x: string) => x }; export const x = Convex.asyncSyscall('a');",
  "export const x = (client: { Convex: { other(): void } }) => client.Convex.other();",
  "export function evaluate(x: string) { return x; } evaluate('1');",
  "export const x = (f: Function) => f;",
  "export const x = typeof Function;",
  "export const x = (o: { eval(s: string): string }) => o.eval('1');",
  "export const x = new Map([['eval', 1]]);",
  "export const text = 'Convex.asyncSyscall';",
  '// Convex.asyncSyscall("1.0/insert")\nexport {};',
  "export const x = /1\\.0\\/insert/;",
  "export const f = async (ctx: { db: { insert(t: string, v: object): unknown } }) => ctx.db.insert('notes', {});",
];
const INVALID: readonly (readonly [code: string, ...ids: string[]])[] = [
  ['export const x = Convex.asyncSyscall("1.0/get", "");', "syscall"],
  ['export const x = Convex.syscall("1.0/queryStream", "");', "syscall"],
  ['export const x = Convex.jsSyscall("x", {});', "syscall"],
  ['export const x = Convex["asyncSyscall"]("x", "");', "syscall"],
  ["export const x = (name: 'syscall') => Convex[name]('x', '');", "syscall"],
  ['export const x = Convex.asyncSyscall("1.0/insert", "");', "syscall", "syscallName"],
  ['export const x = Convex.asyncSyscall("1.0/shallowMerge", "");', "syscall", "syscallName"],
  ['export const x = Convex.asyncSyscall("1.0/replace", "");', "syscall", "syscallName"],
  ['export const x = Convex.asyncSyscall("1.0/remove", "");', "syscall", "syscallName"],
  ['export const x = globalThis.Convex.asyncSyscall("x", "");', "syscall"],
  ['export const x = (globalThis as any).Convex.asyncSyscall("x", "");', "syscall"],
  ['export const x = (globalThis as any)["Convex"].asyncSyscall("x", "");', "syscall"],
  ['export const x = (global as any).Convex.asyncSyscall("x", "");', "syscall"],
  ['export const x = (self as any).Convex.asyncSyscall("x", "");', "syscall"],
  ['export const x = (window as any).Convex.asyncSyscall("x", "");', "syscall"],
  ['export const x = (Convex).asyncSyscall("x", "");', "syscall"],
  ['export const x = Convex!.asyncSyscall("x", "");', "syscall"],
  ['export const x = (Convex as any).asyncSyscall("x", "");', "syscall"],
  ["const raw = Convex; export { raw };", "syscall"],
  ["const { asyncSyscall } = Convex; export { asyncSyscall };", "syscall"],
  ["const raw = (globalThis as any).Convex; export { raw };", "syscall"],
  ["declare const Convex: any; export const x = Convex.asyncSyscall('x', '');", "syscall"],
  ["export const call = Convex.asyncSyscall;", "syscall"],
  ['export const name = "1.0/insert";', "syscallName"],
  ["export const name = '1.0/shallowMerge';", "syscallName"],
  ["export const name = `1.0/remove`;", "syscallName"],
  ['export const names = ["1.0/replace", "1.0/get"];', "syscallName"],
  ['export const names = { write: "1.0/patch" };', "syscallName"],
  ['export const names = { write: "1.0/delete" };', "syscallName"],
  [
    'import { setupWriter } from "convex/dist/esm/server/impl/database_impl.js"; export const x = setupWriter;',
    "deepImport",
  ],
  ['import * as impl from "convex/server/impl/database_impl"; export const x = impl;', "deepImport"],
  ['import * as impl from "convex/src/server/impl/database_impl"; export const x = impl;', "deepImport"],
  [
    'import * as impl from "../node_modules/convex/dist/esm/server/index.js"; export const x = impl;',
    "deepImport",
  ],
  ['export * from "convex/dist/esm/server/impl/database_impl.js";', "deepImport"],
  ['export { setupWriter } from "convex/server/database";', "deepImport"],
  ['export const x = import("convex/dist/esm/server/impl/database_impl.js");', "deepImport"],
  ['export const x = require("convex/dist/cjs/server/impl/database_impl.js");', "deepImport"],
  ['import "convex/dist/esm/server/impl/database_impl.js"; export {};', "deepImport"],
  [
    'export const x = fetch("https://happy-otter-1.convex.cloud/api/streaming_import/import_airbyte_records");',
    "importUrl",
  ],
  [
    'export const x = fetch("https://happy-otter-1.convex.cloud/api/streaming_import/clear_tables", {});',
    "importUrl",
  ],
  ['export const x = fetch("https://happy-otter-1.convex.cloud/api/import");', "importUrl"],
  ['export const x = fetch("https://happy-otter-1.convex.cloud/api/import/start_upload");', "importUrl"],
  [
    'export const x = fetch("https://happy-otter-1.convex.cloud/api/import?tableName=customers");',
    "importUrl",
  ],
  [
    "export const x = (base: string) => fetch(`${base}/api/streaming_import/add_primary_key_indexes`);",
    "importUrl",
  ],
  ["export const x = (base: string) => fetch(`${base}/api/import`);", "importUrl"],
  [
    "export const x = (base: string, table: string) => fetch(`${base}/api/import?table=${table}`);",
    "importUrl",
  ],
  ['export const x = (base: string) => fetch(base + "/api/streaming_import/replace_tables");', "importUrl"],
  ['export const path = "/api/import/finish_upload";', "importUrl"],
  ['export const x = eval("1 + 1");', "dynamicCode"],
  ["export const x = (code: string) => eval(code);", "dynamicCode"],
  ["export const x = (code: string) => (0, eval)(code);", "dynamicCode"],
  ["export const x = (code: string) => globalThis.eval(code);", "dynamicCode"],
  ["export const x = (code: string) => (globalThis as any).eval(code);", "dynamicCode"],
  ['export const x = new Function("db", "return db.insert");', "dynamicCode"],
  ['export const x = Function("db", "return db.insert");', "dynamicCode"],
  ["export const x = new globalThis.Function('return 1');", "dynamicCode"],
  ["export const x = (code: string) => new Function(code)();", "dynamicCode"],
];

const cases = {
  valid: VALID.map((code) => ({ code, name: code })),
  invalid: INVALID.map(([code, ...ids]) => ({ code, name: code, ...errors(...ids) })),
};

runTyped(rule, cases);
// The rule works on syntax alone, and says the same then.
runUntyped(rule, {
  valid: cases.valid.filter(({ code }) => !code.includes(": ")),
  invalid: cases.invalid.filter(({ code }) => !code.includes("as any") && !code.includes("declare")),
});
