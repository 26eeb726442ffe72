import type ts from "typescript";
import type { GuardContext } from "./context.js";

/**
 * What the libraries around Convex write without a line of the app saying so. One entry per function; each has a
 * test in libraries.test.ts. Everything else of these packages is either typed through (customFunctions, row-level
 * security and triggers give out a DatabaseWriter, whose uses are checked where they stand) or read-only
 * (relationships, filter, stream, pagination), or writes only the tables of a component.
 */
export interface LibrarySummary {
  readonly package: string;
  /** The function; `Class.method`; or `maker()` for the function that `maker` returns. */
  readonly name: string;
  /** What it does, as the end of "`crud` …". */
  readonly what: string;
  readonly table: TableSource;
}

/** Where the table that is written comes from. */
type TableSource =
  /** The name is an argument. */
  | { readonly from: "argument"; readonly index: number }
  /** `{ table, migrateOne }`: written when `migrateOne` returns something. */
  | { readonly from: "migration" }
  /** Always these; not those whose writes the callback takes over. */
  | {
      readonly from: "fixed";
      readonly tables: readonly string[];
      readonly unless?: Readonly<Record<string, string>>;
    }
  /** Whatever edges of the ent definitions (the argument) lead to. */
  | { readonly from: "cascade"; readonly index: number }
  /** The other end of the edge that is declared here, when it has a deletion behaviour (the option in this argument). */
  | { readonly from: "edge"; readonly options: number };

export const LIBRARIES: readonly LibrarySummary[] = [
  {
    package: "convex-helpers",
    name: "crud",
    what: "registers functions that create, update and delete rows",
    table: { from: "argument", index: 1 },
  },
  {
    package: "convex-helpers",
    name: "makeMigration()",
    what: "registers a migration that patches rows",
    table: { from: "migration" },
  },
  {
    package: "convex-helpers",
    name: "rateLimit",
    what: "stores its state in rows",
    table: { from: "fixed", tables: ["rateLimits"] },
  },
  {
    package: "@convex-dev/migrations",
    name: "Migrations.define",
    what: "registers a migration that patches rows",
    table: { from: "migration" },
  },
  {
    package: "@convex-dev/auth",
    name: "convexAuth",
    what: "registers functions that write users, sessions and accounts",
    table: {
      from: "fixed",
      tables: [
        "users",
        "authSessions",
        "authAccounts",
        "authRefreshTokens",
        "authVerificationCodes",
        "authVerifiers",
        "authRateLimits",
      ],
      unless: { users: "createOrUpdateUser" },
    },
  },
  {
    package: "convex-ents",
    name: "scheduledDeleteFactory",
    what: "registers a function that deletes rows later",
    table: { from: "cascade", index: 0 },
  },
  {
    package: "convex-ents",
    name: "EntDefinition.edge",
    what: "deletes rows together with the ent that leads to them",
    table: { from: "edge", options: 1 },
  },
];

/** Functions that only react to writes: on a mirror they never run, since the import does not go through them. */
export const TRIGGERS: readonly {
  readonly package: string;
  readonly name: string;
  readonly index: number;
}[] = [{ package: "convex-helpers", name: "Triggers.register", index: 0 }];

/** What is known of the library function that a declaration is, or null. */
export function factoryOf(cx: GuardContext, declaration: ts.Node): LibrarySummary | null {
  return entryOf(cx, LIBRARIES, declaration);
}

export function triggerOf(cx: GuardContext, declaration: ts.Node): (typeof TRIGGERS)[number] | null {
  return entryOf(cx, TRIGGERS, declaration);
}

function entryOf<Entry extends { readonly package: string; readonly name: string }>(
  cx: GuardContext,
  entries: readonly Entry[],
  declaration: ts.Node,
): Entry | null {
  const origin = cx.packages.originOf(declaration.getSourceFile());
  if (origin.kind !== "package") return null;
  const ofPackage = entries.filter((entry) => entry.package === origin.name);
  const name = ofPackage.length === 0 ? null : nameOfDeclaration(cx, declaration);
  return ofPackage.find((entry) => entry.name === name) ?? null;
}

/** `crud`, `Migrations.define`, `makeMigration()` for the function type that makeMigration returns. */
function nameOfDeclaration(cx: GuardContext, declaration: ts.Node): string | null {
  const { ts } = cx;
  if (ts.isFunctionDeclaration(declaration)) return declaration.name?.text ?? null;
  if (ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration)) {
    const owner = declaration.parent;
    const isNamed = ts.isClassDeclaration(owner) || ts.isInterfaceDeclaration(owner);
    const method = ts.isIdentifier(declaration.name) ? declaration.name.text : null;
    return isNamed && owner.name !== undefined && method !== null ? `${owner.name.text}.${method}` : null;
  }
  if (ts.isFunctionTypeNode(declaration)) {
    const owner = declaration.parent;
    if (ts.isFunctionDeclaration(owner) && owner.type === declaration) return `${owner.name?.text ?? ""}()`;
    if (ts.isVariableDeclaration(owner) && ts.isIdentifier(owner.name)) return owner.name.text;
  }
  return null;
}
