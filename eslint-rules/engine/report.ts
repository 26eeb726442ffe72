import type ts from "typescript";
import type { Finding, MirrorInfo, RuleName, SchemaInfo, TextEdit, WriteSite } from "./model.js";
import { describeMirror, quoted, wayOut, type MessageId } from "./messages.js";

interface Extra {
  readonly fix?: readonly TextEdit[];
  readonly suggestion?: Finding["suggestion"];
  readonly tables?: readonly string[];
}

/** Collects what the parts of the engine find in one file. */
export class Report {
  readonly findings: Finding[] = [];
  readonly sites: WriteSite[] = [];
  /** Packages that were handed the writer, or whose members look like writes, and are believed. */
  readonly trustedPackages = new Set<string>();

  constructor(
    readonly file: ts.SourceFile,
    readonly schema: SchemaInfo,
  ) {}

  add(
    rule: RuleName,
    messageId: MessageId,
    node: ts.Node,
    data: Record<string, string> = {},
    extra: Extra = {},
  ): void {
    this.addAt(rule, messageId, node.getStart(this.file), node.getEnd(), data, extra);
  }

  addAt(
    rule: RuleName,
    messageId: MessageId,
    start: number,
    end: number,
    data: Record<string, string> = {},
    extra: Extra = {},
  ): void {
    this.findings.push({ rule, messageId, data, start, end, ...extra });
  }

  /** The mirrors among some tables. */
  mirrorsAmong(tables: readonly string[]): MirrorInfo[] {
    return tables.flatMap((table) => this.schema.mirrors.get(table) ?? []);
  }

  /** The names of all mirrors, for messages about writes that may hit any of them. */
  get mirrorNames(): string {
    return quoted(this.schema.mirrors.keys());
  }

  /** The data of a message about one mirror. */
  static about(mirror: MirrorInfo): { mirror: string; wayOut: string } {
    return { mirror: describeMirror(mirror), wayOut: wayOut(mirror) };
  }
}
