/** Exit codes of the command. docs/cli.md documents them; scripts rely on them. */
export const EXIT = {
  ok: 0,
  /** Something failed: the network, the deployment, a refused row file. */
  failure: 1,
  /** The command line, the configuration or the environment is wrong. */
  usage: 2,
  /** The command worked and found a difference: `verify`, `audit`. */
  differs: 3,
  /** The mirror is paused, and stayed so for as long as the command waits. */
  paused: 4,
  /** The refresh is complete, and what it did not deliver is not deleted until a person agrees. */
  held: 5,
  /** Ctrl-C (SIGINT) and SIGTERM, as shells count them. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a sentence for people instead of a stack trace. */
export class CliError extends Error {
  override name = "CliError";

  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failure,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A mistake in what the command was given. */
export function usageError(message: string): CliError {
  return new CliError(message, EXIT.usage);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
