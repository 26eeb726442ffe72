import type { MirrorInfo } from "./model.js";

/**
 * All sentences of the guard. Each says what is wrong, why it is harmful, and the way out.
 * `{{mirror}}` is a mirror with its source and owner, `{{wayOut}}` the remedy that fits it.
 */
export const MESSAGES = {
  // What must be configured: the guard never stays silent for want of knowledge.
  needsTypes:
    'This rule needs type information. Set `languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } }` for the files of the functions directory and include them in its tsconfig.json, use the preset "syntax" (a hint, not a guarantee), or run `npx streaming-import guard`.',
  noSchema:
    'No Convex schema was found for this file, so the guard does not know which tables are mirrors. Name the functions directory in convex.json (`functions`), or, for code outside of it, set `schema` in `settings["streaming-import"]`.',
  anySchema:
    "The tables of {{schema}} are not known to the type checker (the schema is `any`, or its table names are `string`), so the guard cannot distinguish mirrors from other tables. Export `defineSchema({ … })` with its tables written out, and fix imports that do not resolve.",
  noMirrors:
    "{{schema}} declares no mirror, so the guard has nothing to protect. Declare mirrors with `mirrorTable` of convex-streaming-import/schema, or list them in the option `tables`, or turn the guard off here.",
  badOptions: "{{problem}}",

  // no-mirror-writes
  mirrorWrite:
    "`{{method}}` writes {{mirror}}. The import owns its rows: the next sync overwrites this change or conflicts with it. {{wayOut}}",
  maybeMirrorWrite:
    "`{{method}}` may write {{mirror}}: its {{what}} can be any of {{tables}}. The import owns the rows of a mirror, and the next sync overwrites such a change. Take the mirrors out of the type, as in `Exclude<TableNames, {{union}}>`, or check the name before the write.",
  syntaxWrite:
    "`{{method}}` names {{mirror}}. The import owns its rows: the next sync overwrites this change or conflicts with it. {{wayOut}} (Found by syntax alone.)",

  // require-known-table
  unknownTable:
    'The guard cannot prove which table `{{method}}` writes, because {{reason}}; it may be a mirror ({{mirrors}}). Name the table as a literal, `db.{{method}}("table", …)`: then the server checks it, too.',
  unknownReceiver:
    "`{{method}}` is called on a value of type any that may be the database writer, and {{reason}}; it may write a mirror ({{mirrors}}). Give the value its type (MutationCtx, DatabaseWriter) and name the table.",
  idCast:
    'The {{what}} of this `{{method}}` is only asserted to belong to "{{tables}}"; nothing checks that, and it may belong to a mirror ({{mirrors}}). Write `db.{{method}}("{{tables}}", …)`, so that the server compares the name with the id, or use `ctx.db.normalizeId`.',
  dynamicMethod:
    "The method of the database writer is chosen at run time here (`[{{key}}]`), so the guard cannot know what is written. Call `insert`, `patch`, `replace` or `delete` by name.",
  nameTable: 'Name the table: `{{method}}("{{table}}", …)`.',

  // explicit-write-table
  explicitTable:
    'Only the type says that this `{{method}}` writes "{{table}}". Write the name as a literal first argument: then the server checks it against the id.',
  explicitTables:
    "Only the type says which of {{tables}} this `{{method}}` writes. Write one call per table with its name as a literal: then the server checks it against the id.",
  explicitLibrary:
    "Only the type says that `{{fn}}` writes {{tables}}; the value can be the name of a mirror ({{mirrors}}) when it runs. Write the name as a literal.",
  explicitUntyped:
    "`{{method}}` does not name its table, and without types the guard cannot know whether it is a mirror. Write the table's name as the first argument. (Found by syntax alone.)",

  // no-writer-escape
  detached:
    "`{{method}}` of the database writer is taken off the writer here; where it is called later, the guard cannot check which table it writes. Call it on the writer, or pass a function of your own that names the table.",
  escape:
    "The database writer leaves the type checker here: {{from}} becomes {{to}}, and later writes through it cannot be checked. Keep its type (MutationCtx, DatabaseWriter), or pass only what is needed.",
  untypedCall:
    "The database writer is passed to a function that the type checker does not know (type any), which may write a mirror. Give the function a type.",
  untrustedPackage:
    'The database writer is handed to "{{package}}", whose code the guard does not see. When you have reviewed it, add `{ from: "package", package: "{{package}}", name: "{{name}}" }` to the option `trusted`.',
  packagePath:
    'A file of "{{package}}" is imported by another name than that of its package, so it may be another package than the one that is installed and trusted. Import it by the name of the package, or move your own code out of node_modules.',
  otherModule:
    "The types of this import are those of {{typed}}, but the code that Convex's bundler takes is that of {{bundled}}: what the guard reads is not what runs. Change `paths`, `imports`, `exports` or `types` so that both find the same source file, and write JavaScript that gets `ctx` in TypeScript.",
  structuralWriter:
    "`{{method}}` is called through a type of your own that has no code behind it; the database writer fits it, and {{reason}}. Use DatabaseWriter and name the table, or rename the method.",
  weakReceiver:
    "`{{method}}` is called on a value of type any, and {{reason}}. If it can be the database writer, this may write a mirror. Give the value a type.",
  anyMethod:
    "`{{method}}` is taken off a value of type any that may be the database writer; the guard cannot follow it. Give the value a type.",
  anyCall:
    "A method chosen at run time is called on a value of type any that may be the database writer. Give the value a type, or call the method by name.",
  anyParameter:
    "This function is used where the database writer is passed in, but its parameter has type {{to}}: writes in it cannot be checked. Give the parameter its type (MutationCtx, DatabaseWriter), or leave the annotation out.",

  native:
    "`{{code}}` is an object of the language that is changed here, or that code which does not name it can change. Convex sends each write through such objects, and they get the database writer, so a change to one can redirect any write to a mirror. Call its members where they are needed, and change none.",
  handler:
    "`{{name}}` is a name of Convex's inside: it runs the handler of a registered function with a `ctx` that was not made for it, so an action's handler gets the database writer, which the guard does not look for there. Call a function of your own from both places, or use `ctx.runMutation`.",
  mirrorCall:
    'This call carries the name or an id of the mirror "{{table}}" to code that the guard cannot find (type any, or a function type with nothing behind it); a method of the database writer may be there. Give the callee its type, or call a function of your own by its name.',
  packageFunction:
    '`{{name}}` is a mutation, or may be one, that "{{package}}" made, whose code the guard does not see; it can write a mirror. When you have reviewed it, add `{ from: "package", package: "{{package}}", name: "{{name}}" }` to the option `trusted`.',

  // no-mirror-factories
  factory: "`{{fn}}` {{what}} for {{mirror}}, whose rows belong to the import. {{wayOut}}",
  maybeFactory:
    "`{{fn}}` {{what}}, and {{reason}}; it may be a mirror ({{mirrors}}). Name the table as a literal.",
  migration:
    "This migration patches {{mirror}}: `{{fn}}` writes what `migrateOne` returns. The next sync overwrites it. Change the rows at the source, or let `migrateOne` return nothing.",
  entsCascade:
    '`{{method}}` on "{{table}}" also writes {{mirror}} through the edge {{edge}}. The import owns its rows. Remove the edge from this write, or keep the edge\'s field in a table of your own.',
  entsDeletion:
    "The edge {{edge}} deletes {{mirror}} together with the ent that leads to it. The import owns its rows: it alone deletes them. Leave `deletion` out of the edge.",
  scheduledDelete:
    "`{{fn}}` deletes ents later and cascades to {{mirror}} through the edge {{edge}}. The import owns its rows: it alone deletes them. Leave the edge out of the ent definitions.",

  importerFunction:
    "`{{code}}` is one of the importer's own functions, through which the component writes mirrors: calling it passes every check, and the next sync overwrites what it wrote. Write a table of your own, or send the change to the import API.",

  componentFunction:
    "`{{code}}` is a function of the component through which the importer writes mirrors: calling it passes every check, and the next sync overwrites what it wrote. Write a table of your own, or send the change to the import API.",
  componentEscape:
    "The type of `{{code}}` is lost here, so the guard cannot know which functions of the component are called; some of them write mirrors. Keep its type, or call the function here by its name.",
  importerEscape:
    "`{{code}}` is one of the importer's own functions, through which the component writes mirrors. Passed on as a value, it can be called under any name. Export it, and nothing else.",
  unknownFunction:
    "`{{code}}` is known only when it runs, so the guard cannot know which function is called; it may be the one through which the importer writes mirrors. Write the reference out, as in `internal.module.name`.",

  // no-raw-builders
  rawBuilder:
    "`{{name}}` of {{from}} skips the run-time guard: its `ctx.db` can write mirrors. Import it from {{guardModule}}.",
  missingGuardModule:
    "The option `guardModule` names {{guardModule}}, which is not in this program. Correct the path; it is relative to the functions directory.",

  // no-raw-syscalls
  syscall:
    "`Convex.{{name}}` calls the database below `ctx.db`: types and the run-time guard do not see what it writes. Use `ctx.db`.",
  syscallName:
    '"{{name}}" is a name of Convex\'s inside through which rows are written; used directly it passes every guard. Use `ctx.db`, and functions of `api`, `internal` and `components`.',
  deepImport:
    '"{{name}}" reaches into the inside of the convex package, where the unguarded writer is made. Import from "convex/server" or "convex/values".',
  importUrl:
    "{{name}} is the endpoint that imports complete tables: it writes mirrors past the guard and their bookkeeping. Send changes to the routes of convex-streaming-import instead.",
  dynamicCode:
    "Code made from a string cannot be checked, and it can write mirrors. Write it out as a function.",

  // no-unrecorded-writes
  unrecordedWrite:
    "`{{method}}` writes the exported table {{tables}} through Convex's own writer, which records nothing: readers of the export miss this change until the next reconcile walk. Use a guarded builder, and type `ctx` with GuardedCtx.",
  unrecordedBuilder:
    "Functions that `{{name}}` makes record nothing, and the schema exports {{tables}}: readers of the export miss what they write. Give `{{name}}` to `guard` only, and build on what `guard` returns, with `forLibrary` for libraries.",
  unrecordedLibrary:
    "`{{fn}}` writes by Convex's own builders, which record nothing, and the schema exports {{tables}}: readers of the export miss what it writes. Change it: {{remedy}}.",

  // mirror-schema
  brandLost:
    'The declaration of "{{table}}" calls `mirrorTable`, but its type is no longer a mirror: a wrapper, an assertion or an annotation dropped it, and the types of the guard no longer protect it. Put the result of `mirrorTable(…).index(…)` into `defineSchema` as it is.',
  looseTableNames:
    "`strictTableNameTypes: false` makes every table name `string`: the types of the guard then let every write through. Remove the option.",
  validationOff:
    "`schemaValidation: false` lets rows into a mirror that its declaration does not allow, so what an import delivers is not checked. Remove the option.",
  idInMirror:
    'The mirror "{{table}}" has a field `v.id("{{target}}")`, but no source knows Convex ids. Store the key of the source, and look the row up by an index.',
  undeclaredMirror:
    "`mirrorTable` is called here, but its result is not a table of the schema's default export: nothing protects it. Put it into `defineSchema`.",
  entsUnseen:
    "The preset `syntax` does not see what convex-ents writes: through `ctx.table(…)`, an ent or an edge, and by a `delete()` that deletes the rows of edges, too. Such a write to a mirror stays unreported. Use the preset `recommended`, which reads types, or run `npx streaming-import guard`.",

  // no-mirror-triggers
  trigger:
    "This trigger will not run for imported rows: the import writes {{mirror}} without going through your functions. React to the change feed of convex-streaming-import instead.",

  // no-unreasoned-disable
  unreasonedDisable:
    "This comment turns off the guard ({{rules}}) without saying why. Add the reason behind two dashes, as in `// {{comment}} -- reviewed: …`; the command `streaming-import guard` does not honour it in any case.",
  suppressedTypes:
    "`{{directive}}` hides a type error of code that holds the database writer: what the guard knows from types may be wrong there. Fix the error.",
  incompleteExemption:
    "This exemption is not valid: {{problem}}. Write `streaming-import-allow <tables> until YYYY-MM-DD: <reason>`.",
  expiredExemption:
    'The exemption for "{{tables}}" expired on {{until}}. Remove the write, or have it reviewed again and set a new date.',
  unusedExemption: 'The exemption for "{{tables}}" no longer allows anything. Remove it.',
} as const;

export type MessageId = keyof typeof MESSAGES;

/** A message with its data filled in, as ESLint does it. */
export function formatMessage(messageId: string, data: Readonly<Record<string, string>>): string {
  const template: string = MESSAGES[messageId as MessageId];
  return template.replace(/\{\{(\w+)\}\}/g, (whole, key: string) => data[key] ?? whole);
}

/** A mirror in a sentence: `the mirror "customers" of public.customers (owner: the billing team)`. */
export function describeMirror(mirror: MirrorInfo): string {
  const source = mirror.source === null ? "" : `, a copy of ${mirror.source}`;
  const owner = mirror.owner === null ? "" : ` (owner: ${mirror.owner})`;
  return `the mirror "${mirror.table}"${source}${owner}`;
}

/** The way out for one mirror. */
export function wayOut(mirror: MirrorInfo): string {
  const key =
    mirror.primaryKey === null ? "the source's key" : `the source's key (${mirror.primaryKey.join(", ")})`;
  const source = mirror.source === null ? "at the source" : `at the source (${mirror.source})`;
  return `Write a table of your own keyed by ${key}, or make the change ${source}.`;
}

/** Names in a sentence: `"a"`, `"a" or "b"`. */
export function quoted(names: Iterable<string>, limit = 6): string {
  const all = [...names];
  const shown = all.slice(0, limit).map((name) => `"${name}"`);
  if (all.length > limit) return `${shown.join(", ")} and ${String(all.length - limit)} more`;
  const last = shown.pop() ?? "";
  return shown.length === 0 ? last : `${shown.join(", ")} or ${last}`;
}
