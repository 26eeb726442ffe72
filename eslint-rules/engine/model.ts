import type ts from "typescript";

/** The names of the rules. */
export type RuleName =
  | "no-mirror-writes"
  | "require-known-table"
  | "explicit-write-table"
  | "no-writer-escape"
  | "no-mirror-factories"
  | "no-raw-builders"
  | "no-raw-syscalls"
  | "no-unrecorded-writes"
  | "mirror-schema"
  | "no-mirror-triggers"
  | "no-unreasoned-disable";

/** A change of the text, as positions in the file. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One report of the engine; the front ends print it as it is. */
export interface Finding {
  readonly rule: RuleName;
  /** A key of `MESSAGES`. */
  readonly messageId: string;
  readonly data: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number;
  readonly fix?: readonly TextEdit[];
  readonly suggestion?: { readonly messageId: string; readonly edits: readonly TextEdit[] };
  /** The mirrors that the finding is about: what an exemption must name. */
  readonly tables?: readonly string[];
}

/** A place where the program writes to the database, judged or not. */
export interface WriteSite {
  readonly start: number;
  readonly method: string;
  /** The tables that it can write, or null when the guard cannot know. */
  readonly tables: readonly string[] | null;
  /** True when the table's name stands there as a literal, so that the server checks it against the id. */
  readonly literal: boolean;
}

/** A mirror as far as the guard needs to name it. */
export interface MirrorInfo {
  readonly table: string;
  readonly source: string | null;
  readonly owner: string | null;
  readonly primaryKey: readonly string[] | null;
  /** The schema says so by its type; false when the brand was lost on the way or only an option names the table. */
  readonly branded: boolean;
  /** Where the table is declared. */
  readonly declaration: ts.Node | null;
}

/** Why the guard cannot say which tables are mirrors. */
export type SchemaProblem = "noSchema" | "anySchema" | "noMirrors";

/** The schema that governs a file. */
export interface SchemaInfo {
  readonly file: ts.SourceFile | null;
  /** Every table of the schema. */
  readonly tables: ReadonlySet<string>;
  readonly mirrors: ReadonlyMap<string, MirrorInfo>;
  /** The app's own tables that are exported: their changes have to be recorded. */
  readonly exported: ReadonlySet<string>;
  readonly problem: SchemaProblem | null;
  /** The directory of the component that the file belongs to; its tables are its own, and no mirrors. */
  readonly component: string | null;
}

/**
 * The TypeScript that made the program. The engine never imports one of its own: the numbers of `SyntaxKind` and of
 * the flags differ between versions, and the nodes come from whatever version the user's parser has.
 */
export type TypeScript = typeof ts;

/** A call of a method that may change rows. */
export interface Write {
  readonly node: ts.CallExpression;
  readonly callee: ts.Expression;
  readonly method: string;
  readonly member: Member;
  readonly receiver: ts.Type;
  readonly args: readonly ts.Expression[];
}

/** A member, with the type that owns it (one arm of a union or intersection) for the table's name in its arguments. */
export interface Member {
  readonly kind: MemberKind;
  readonly owner: ts.Type;
  readonly symbol: ts.Symbol | null;
}

/**
 * What a member with such a name is, told by where it is declared:
 * - `writer`: Convex's database writer, the guard's, or a package's class with the same face
 * - `tableWriter`: `db.table("x")`
 * - `ents`: a chain or document of convex-ents
 * - `any`: the checker does not know; fails closed
 * - `structural`: an interface or parameter of the app without a body, behind which a writer may hide
 * - `harmless`: Map.delete, String.replace, ctx.storage.delete, a method of the app (its body is checked where it stands)
 */
export type MemberKind = "writer" | "tableWriter" | "ents" | "any" | "structural" | "harmless";

/** Everything the engine knows about one file. */
export interface FileAnalysis {
  readonly schema: SchemaInfo;
  readonly findings: readonly Finding[];
  readonly sites: readonly WriteSite[];
  readonly exemptions: readonly Exemption[];
  readonly trustedPackages: ReadonlySet<string>;
  /** Code of the app that an option vouches for, where it mattered. */
  readonly trustedCode: readonly Specifier[];
  /** Whether the search for escaping writers is part of it. */
  readonly deep: boolean;
}

/** What a call of `mirrorTable` says about its source, as far as it is written down literally. */
export interface WrittenContract {
  readonly source: string | null;
  readonly owner: string | null;
  readonly primaryKey: readonly string[] | null;
}

/** An exemption in force, expired or unused: the command lists them all. */
export interface Exemption {
  readonly tables: readonly string[];
  readonly reason: string;
  readonly until: string;
  readonly form: "comment" | "config";
  readonly file: string;
  readonly start: number | null;
  expired: boolean;
  /** How many findings it allowed. */
  used: number;
}

/**
 * A declaration in typescript-eslint's `TypeOrValueSpecifier` format; `name: "*"` means everything there.
 * A string is short for a declaration of that name anywhere.
 */
export type Specifier =
  | string
  | { readonly from: "file"; readonly name: string | readonly string[]; readonly path?: string }
  | { readonly from: "lib"; readonly name: string | readonly string[] }
  | { readonly from: "package"; readonly name: string | readonly string[]; readonly package: string };

/** A comment that speaks to a checker. */
export interface Directive {
  readonly kind: "eslint" | "typescript" | "allow";
  /** `eslint-disable-next-line`, `@ts-ignore`, `streaming-import-allow`. */
  readonly name: string;
  /** What follows the name. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The line (0-based) that the directive speaks about, or null for the file. */
  readonly line: number | null;
}
