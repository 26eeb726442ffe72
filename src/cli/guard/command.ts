import { guardCommand, type ExitCode, type GuardCommandOptions } from "./check.js";
import type { GuardReport } from "./report.js";
import { formatSarif } from "./sarif.js";
import { formatText } from "./text.js";

export type { GuardReport } from "./report.js";
export { guardCommand, type ExitCode, type GuardCommandOptions };

export type GuardFormat = "text" | "json" | "sarif";

export interface RunGuardOptions extends GuardCommandOptions {
  readonly format: GuardFormat;
}

/** `streaming-import guard`: checks an app and gives the text to print and the code to exit with. */
export function runGuard(options: RunGuardOptions): Promise<{ exitCode: ExitCode; output: string }> {
  const { exitCode, report } = guardCommand(options);
  return Promise.resolve({ exitCode, output: format(report, options.format) });
}

function format(report: GuardReport, as: GuardFormat): string {
  switch (as) {
    case "text":
      return formatText(report);
    case "json":
      return `${JSON.stringify(report, null, 2)}\n`;
    case "sarif":
      return formatSarif(report);
  }
}
