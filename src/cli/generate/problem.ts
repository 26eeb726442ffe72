import { CliError, EXIT, type ExitCode } from "../terminal/exit.js";

/** Why `generate` gives up. Stable: scripts read them from `--json`. docs/cli.md explains them. */
export type GenerateCode =
  | "NoSource"
  | "SourceUnreadable"
  | "NoTables"
  | "UnknownTable"
  | "UnknownColumn"
  | "InvalidTableName"
  | "TooManyColumns"
  | "DriverMissing"
  | "ConnectionFailed"
  | "SchemaUnreadable"
  | "NotConfirmed";

const EXIT_CODES: Partial<Record<GenerateCode, ExitCode>> = {
  ConnectionFailed: EXIT.failure,
  SourceUnreadable: EXIT.failure,
};

/** A failure of `generate`, with a code for machines. */
export class GenerateError extends CliError {
  override name = "GenerateError";

  constructor(
    readonly code: GenerateCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, EXIT_CODES[code] ?? EXIT.usage, options);
  }
}
