// @vitest-environment node
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FIXTURE, programWith, typeErrors, verdictsOf } from "../../test/guard/programs.js";

const IMPORTS = `import { components } from "./_generated/api.js";
import { anyApi, componentsGeneric, createFunctionHandle, cronJobs, makeFunctionReference, type FunctionReference } from "convex/server";
import type { ComponentApi } from "convex-streaming-import/_generated/component.js";
import { StreamingImport } from "convex-streaming-import";
import { guard } from "convex-streaming-import/guard";
import schema from "./schema.js";
declare const ctx: import("convex/server").GenericActionCtx<never>;
declare const text: string;
`;
const C = "components.streamingImport";

/** The fixture's generated file, with the component. */
const API = "convex/_generated/api.d.ts";
const GENERATED = `import type { ComponentApi } from "convex-streaming-import/_generated/component.js";
${readFileSync(`${FIXTURE}/${API}`, "utf8")}
export declare const components: { streamingImport: ComponentApi<"streamingImport"> };`;

/** A module that exports the importer's own functions. */
const IMPORTING = "convex/importing.ts";
const IMPORTER = `${IMPORTS}export const { read, write } = new StreamingImport(${C}, schema).internalFunctions();`;

/** The code of each case becomes a module of the fixture app. */
function verdicts(codes: readonly string[]) {
  const files = codes.map((code, at) => [`convex/component${String(at)}.ts`, `${IMPORTS}${code}`] as const);
  const program = programWith({ ...Object.fromEntries(files), [API]: GENERATED, [IMPORTING]: IMPORTER });
  return files.map(([path], at) => ({
    code: codes[at],
    errors: typeErrors(program, path),
    ...verdictsOf(program, path),
  }));
}

/** An importing function where its type says so: both presets report it. */
const TAKEN = [
  `void ctx.runMutation(${C}.ingest.applyChunk, {} as never);`,
  `void ctx.runMutation(${C}.registry.declare, {} as never);`,
  `void ctx.runMutation(${C}.runs.begin, {} as never);`,
  `void ctx.runMutation(${C}.runs.finish, {} as never);`,
  `void ctx.runMutation(${C}.quarantine.replay, {} as never);`,
  `void ctx.runMutation(${C}.quarantine.rewrite, {} as never);`,
  `void ctx.scheduler.runAfter(0, ${C}.ingest["applyChunk"], {} as never);`,
  `const key = "applyChunk"; void ctx.runMutation(${C}["ingest"][key], {} as never);`,
  `const reference = ${C}.ingest.applyChunk; void ctx.runMutation(reference, {} as never);`,
  `const { applyChunk } = ${C}.ingest; void ctx.runMutation(applyChunk, {} as never);`,
  `const { ingest: { applyChunk: write } } = ${C}; void ctx.runMutation(write, {} as never);`,
  `const { ["declare"]: put } = ${C}.registry; void ctx.runMutation(put, {} as never);`,
  `const send = (component: ComponentApi) => ctx.runMutation(component.ingest.applyChunk, {} as never); void send(${C});`,
  `const send = <T extends ComponentApi>(component: T) => ctx.runMutation(component.ingest.applyChunk, {} as never); void send(${C});`,
  `const send = ({ ingest }: ComponentApi) => ctx.runMutation(ingest.applyChunk, {} as never); void send(${C});`,
  `const send = ({ applyChunk }: Pick<ComponentApi["ingest"], "applyChunk">) => ctx.runMutation(applyChunk, {} as never); void send(${C}.ingest);`,
  `class Sender { constructor(readonly component = ${C}) {} run() { return ctx.runMutation(this.component.ingest.applyChunk, {} as never); } } void new Sender();`,
  `export const handle = createFunctionHandle(${C}.ingest.applyChunk);`,
  `void ctx.runMutation(new StreamingImport(${C}, schema).component.ingest.applyChunk, {} as never);`,
  // The types of components as older versions of Convex's command write them: within the app's own file.
  'declare const inlined: { mine: { capability: { check: FunctionReference<"query", "internal"> }; ingest: { applyChunk: FunctionReference<"mutation", "internal"> } } }; void ctx.runMutation(inlined.mine.ingest.applyChunk, {} as never);',
  // No type says where these lead; the path does.
  "void ctx.runMutation((components as any).streamingImport.ingest.applyChunk, {});",
  "const all: any = components; void ctx.runMutation(all.streamingImport.ingest.applyChunk, {});",
  'const all: any = components; void ctx.runMutation(all["streamingImport"].registry["declare"], {});',
  "void ctx.runMutation((componentsGeneric() as any).streamingImport.ingest.applyChunk, {});",
];

/** Where only the type of the component, or of what holds it, is lost: strict reports that. */
const LOST = [
  "const all: any = components; void ctx.runMutation(all[text][text][text], {});",
  `const some: Record<string, any> = ${C}; void ctx.runMutation(some["x"][text], {});`,
  `const call = (component: any) => ctx.runMutation(component[text][text], {}); void call(${C});`,
  `const call = <T,>(component: T) => component as any; void ctx.runMutation(call(${C})[text][text], {});`,
  `void ctx.runMutation(Object.values(${C}.ingest)[0]! as never, {} as never);`,
  `for (const [, one] of Object.entries(${C}.registry)) void ctx.runMutation(one as never, {} as never);`,
  `const copy = { ...${C}.ingest } as any; void ctx.runMutation(copy[text], {});`,
  `void ctx.runMutation((${C}.ingest as unknown as Record<string, never>)[text]!, {} as never);`,
  `const held: { component: any } = { component: ${C} }; void ctx.runMutation(held.component[text][text], {});`,
  `const held: any[] = [${C}]; void ctx.runMutation(held[0][text][text], {});`,
  `const give = (): any => ${C}; void ctx.runMutation(give()[text][text], {});`,
  `const all: any = new StreamingImport(${C}, schema); void ctx.runMutation(all.component[text][text], {});`,
  `const importer = new StreamingImport(${C}, schema); const all: any = importer; void ctx.runMutation(all.component[text][text], {});`,
  `const give = () => ${C}; const all: any = give(); void ctx.runMutation(all[text][text], {});`,
  `const importer = new StreamingImport(${C}, schema); void (Reflect.get(importer.internalFunctions(), "write") as any)._handler(ctx, {});`,
  `const importer = new StreamingImport(${C}, schema); const functions = importer.internalFunctions(); Object.values(functions);`,
  `const importer = new StreamingImport(${C}, schema); const { write } = importer.internalFunctions(); const held = { write }; Reflect.get(held, text)(ctx, {});`,
  'import * as importing from "./importing.js"; (Reflect.get(importing, text) as any)._handler(ctx, {});',
  'export const run = async () => { const all: any = await import("./importing.js"); all[text]._handler(ctx, {}); };',
  'import * as importing from "./importing.js"; for (const one of Object.values(importing)) (one as any)._handler(ctx, {});',
  `const all: any = { a: ${C} }["a"]; void ctx.runMutation(all[text][text], {});`,
  `const all: any = text ? ${C} : null; void ctx.runMutation(all[text][text], {});`,
  `const all: any = (String(text), ${C}); void ctx.runMutation(all[text][text], {});`,
  `const all: any = text && ${C}; void ctx.runMutation(all[text][text], {});`,
  `declare const maybe: ComponentApi | null; const all: any = maybe ?? null; void ctx.runMutation(all[text][text], {});`,
  `let held: any; held = ${C}; void ctx.runMutation(held[text][text], {});`,
  `const module = text as "ingest"; void ctx.runMutation(Object.values(${C}[module])[0]! as never, {} as never);`,
];

const FUNCTIONS = `const importer = new StreamingImport(${C}, schema); const functions = importer.internalFunctions(); const { write } = functions;`;

/** The importer's own function is passed on as a value: no type tells what is called then. */
const PASSED_ON = [
  `${FUNCTIONS} Reflect.get(write, "_handler")(ctx, {});`,
  `${FUNCTIONS} const any: any = write; any[text](ctx, {});`,
  `${FUNCTIONS} (write as any)._handler(ctx, {});`,
  `${FUNCTIONS} (functions.write as any)._handler(ctx, {});`,
  `${FUNCTIONS} const held = { other: write }; void held;`,
  `${FUNCTIONS} void [write];`,
  `${FUNCTIONS} export const give = () => write;`,
  `${FUNCTIONS} let held: unknown; held = write; void held;`,
  'import { write } from "./importing.js"; Reflect.get(write, "_handler")(ctx, {});',
  'import * as importing from "./importing.js"; (importing.write as any)._handler(ctx, {});',
  'export const run = async () => { const { write: it } = await import("./importing.js"); (it as any)._handler(ctx, {}); };',
];

/** What the app may do with its component. */
const ALLOWED = [
  "export const streamingImport = new StreamingImport(components.streamingImport, schema);",
  `const importer = new StreamingImport(${C}, schema); export const { write, declare } = importer.internalFunctions(); void [importer]; void { importer };`,
  `const importer = new StreamingImport(${C}, schema); const { write, read } = importer.internalFunctions(); export { read, write }; export default { read, write };`,
  `const importer = new StreamingImport(${C}, schema); const functions = importer.internalFunctions(); export const write = functions.write; export const { read } = functions;`,
  `import { dashboardFunctions } from "convex-streaming-import/dashboard"; const importer = new StreamingImport(${C}, schema); export const { importStatus } = dashboardFunctions(importer, { authorize: () => true });`,
  "export const { mutation } = guard(schema, { mutation: undefined as never, internalMutation: undefined as never }, components.streamingImport);",
  `void ctx.runMutation(${C}.tokens.create, { name: "a", mirrors: ["customers"] });`,
  `void ctx.runQuery(${C}.registry.list, {});`,
  `void ctx.runMutation(${C}.audit.start, { mirror: "customers" });`,
  `void ctx.runMutation(${C}.registry.pause, { mirror: "customers" });`,
  `void ctx.runMutation(${C}.runs.sweep, { mirror: "customers" });`,
  `const { registry, tokens } = ${C}; void ctx.runQuery(registry.list, {}); void tokens;`,
  `const status = (component: ComponentApi) => ctx.runQuery(component.registry.list, {}); void status(${C});`,
  // Functions of the app, and of other components, that are called the same.
  "void ctx.runMutation(anyApi.runs!.begin!, {});",
  'declare const other: { runs: { begin: FunctionReference<"mutation", "internal"> } }; void ctx.runMutation(other.runs.begin, {});',
];

/** No path tells which function is called: it may be the importer's own. */
const UNKNOWN = [
  'const path = ["imports", "write"]; let reference: any = anyApi; for (const one of path) reference = reference[one]; void ctx.runMutation(reference, {});',
  'const name = ["imports", "write"].join(":"); void ctx.runMutation(name as never, {});',
  "void ctx.scheduler.runAfter(0, text as never, {});",
  'const crons = cronJobs(); crons.interval("x", { hours: 1 }, anyApi["tasks"]![text]!, {});',
  "export const handle = createFunctionHandle(text as never);",
  'void ctx.runMutation(makeFunctionReference<"mutation">(text), {});',
  'const crons = cronJobs(); crons.interval("x", { hours: 1 }, makeFunctionReference<"mutation">(text), {});',
  "const holder: any = { imports: { write: anyApi.imports!.write } }; void ctx.runMutation(holder.imports.write, {});",
  "let changing: any = anyApi.tasks!.run; changing = changing[text]; void ctx.runMutation(changing, {});",
  'declare const given: unknown; void ctx.runMutation(given as FunctionReference<"mutation", "internal">, {});',
];

/** The path is written out, or a type says which function it is. */
const WRITTEN_OUT = [
  "void ctx.runMutation(anyApi.tasks!.run!, {});",
  'void ctx.runMutation((anyApi as any)["tasks"].run, {});',
  "const { run } = anyApi.tasks!; void ctx.runMutation(run!, {});",
  'const reference: any = anyApi.tasks!.run; const key = "other"; void ctx.runMutation((anyApi as any)[key].run, {}); void ctx.scheduler.runAfter(0, reference, {});',
  'void ctx.runMutation(makeFunctionReference<"mutation">("tasks:run"), {});',
  "void ctx.runMutation((componentsGeneric() as any).other.tasks.run, {});",
  'const send = (reference: FunctionReference<"mutation", "internal">) => ctx.runMutation(reference, {}); void send(anyApi.tasks!.run!);',
  "declare const wait: any; void ctx.scheduler.runAfter(wait, anyApi.tasks!.run!, {});",
];

describe("a function that is known only when it runs", () => {
  const all = verdicts([...UNKNOWN, ...WRITTEN_OUT]);

  it("is in programs without type errors", () => {
    expect(all.filter(({ errors }) => errors.length > 0)).toEqual([]);
  });

  it.each(all.slice(0, UNKNOWN.length))("is reported by strict: $code", ({ strict }) => {
    expect(strict).toContain("unknownFunction");
  });

  it.each(all.slice(UNKNOWN.length))("is not meant: $code", ({ strict }) => {
    expect(strict).not.toContain("unknownFunction");
  });
});

describe("the component's importing functions", () => {
  const all = verdicts([...TAKEN, ...LOST, ...ALLOWED, ...PASSED_ON]);

  it("are programs without type errors", () => {
    expect(all.filter(({ errors }) => errors.length > 0)).toEqual([]);
  });

  it.each(all.slice(0, TAKEN.length))("are reported by both presets: $code", ({ recommended, strict }) => {
    expect(recommended).toEqual(["componentFunction"]);
    expect(strict).toContain("componentFunction");
  });

  it.each(all.slice(TAKEN.length, TAKEN.length + LOST.length))(
    "are reported by strict where their type is lost: $code",
    ({ strict }) => {
      expect(strict).toContain("componentEscape");
    },
  );

  it.each(all.slice(-PASSED_ON.length))("are reported where `write` is passed on: $code", ({ strict }) => {
    expect(strict).toContain("importerEscape");
  });

  it.each(all.slice(TAKEN.length + LOST.length, -PASSED_ON.length))(
    "are not meant: $code",
    ({ recommended, strict }) => {
      expect([recommended, strict]).toEqual([[], []]);
    },
  );
});
