/** What the guard says of every place of an app where rows may change. */
import ts from "typescript";
import { join, relative } from "node:path";
import { analyzeFile } from "../../eslint-rules/analyze.js";
import { contextFor } from "../../eslint-rules/engine/context.js";
import { formatMessage } from "../../eslint-rules/engine/messages.js";
import { DEFAULT_OPTIONS } from "../../eslint-rules/engine/options.js";
import { isReported } from "../../eslint-rules/engine/presets.js";
import { loadProgram } from "../../src/cli/guard/program.js";
import type { App } from "./app.js";

export interface Site {
  readonly file: string;
  readonly line: number;
  readonly method: string;
  readonly tables: readonly string[] | null;
}

export interface Verdict {
  readonly file: string;
  /** The first and the last line that it is about. */
  readonly line: number;
  readonly endLine: number;
  readonly rule: string;
  readonly messageId: string;
  readonly message: string;
  readonly presets: readonly string[];
}

export interface Verdicts {
  readonly tables: readonly string[];
  readonly sites: readonly Site[];
  readonly findings: readonly Verdict[];
}

/** Why an app has no verdicts; the other apps have theirs. */
export class CannotMeasure extends Error {
  override readonly name = "CannotMeasure";
}

/**
 * Analyses an app for each set of mirrors, with one program for all.
 * @throws CannotMeasure when its schema is not known, above all where packages are not installed
 */
export function verdictsOf(app: App, mirrorSets: readonly (readonly string[])[]): Verdicts[] {
  const loaded = loadProgram(join(app.root, app.functions), null);
  const { program } = loaded;
  return mirrorSets.map((tables) => {
    const cx = contextFor(ts, program, { ...DEFAULT_OPTIONS, tables });
    const sites: Site[] = [];
    const findings: Verdict[] = [];
    let all: readonly string[] = [];
    for (const path of loaded.deployed) {
      const file = loaded.program.getSourceFile(path);
      if (file === undefined) continue;
      if (!cx.packages.isProject(file) || file.isDeclarationFile || file.fileName.includes("/_generated/"))
        continue;
      const place = (start: number) => ({
        file: relative(app.root, file.fileName),
        line: file.getLineAndCharacterOfPosition(start).line + 1,
      });
      const analysis = analyzeFile(cx, file, true);
      const { problem, file: schemaFile } = analysis.schema;
      if (problem !== null) {
        const schema = relative(app.root, schemaFile?.fileName ?? "schema.ts");
        throw new CannotMeasure(
          `${formatMessage(problem, { schema })} Are the packages of ${app.root} installed, with the package manager of its lock file?`,
        );
      }
      if (analysis.schema.component !== null) continue;
      all = [...analysis.schema.tables];
      for (const { start, method, tables } of analysis.sites) sites.push({ ...place(start), method, tables });
      for (const finding of analysis.findings) {
        const presets = (["recommended", "strict"] as const).filter((preset) => isReported(preset, finding));
        const message = formatMessage(finding.messageId, finding.data);
        findings.push({
          ...place(finding.start),
          endLine: place(finding.end).line,
          rule: finding.rule,
          messageId: finding.messageId,
          message,
          presets,
        });
      }
    }
    return { tables: all, sites, findings };
  });
}
