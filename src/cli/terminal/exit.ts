/** Exit codes of the command. docs/cli.md documents them; scripts rely on them. */
export const EXIT = {
  ok: 0,
  /** Something failed: the network, the deployment, a refused row file. */
  failure: 1,
  /** The command line, the configuration or the environment is wrong. */
  usage: 2,
  /** The command worked, and found a difference (`verify`, `audit`) or leaves something to do (`quarantine replay`). */
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

/** Why a command fails, and its exit code then. Stable: scripts read them from `--json`. docs/cli.md explains them. */
export const ERRORS = {
  InvalidUsage: EXIT.usage,
  NotConfirmed: EXIT.usage,
  Declined: EXIT.failure,
  Interrupted: EXIT.interrupted,
  Terminated: EXIT.terminated,

  NoDeployment: EXIT.usage,
  NoDeployKey: EXIT.usage,
  NoToken: EXIT.usage,
  InvalidUrl: EXIT.usage,
  NoAnswer: EXIT.failure,
  NotTheImportApi: EXIT.failure,
  NotTheExportApi: EXIT.failure,
  NotDeployed: EXIT.failure,
  DeploymentOutdated: EXIT.failure,
  DeploymentFailed: EXIT.failure,

  NoProject: EXIT.usage,
  ProjectUnreadable: EXIT.usage,
  WorkspaceRoot: EXIT.usage,
  SchemaUnreadable: EXIT.usage,
  PackageMissing: EXIT.usage,
  DriverMissing: EXIT.usage,

  FileNotFound: EXIT.usage,
  FileUnreadable: EXIT.failure,
  FileUnwritable: EXIT.failure,
  FileChanged: EXIT.failure,
  FolderInUse: EXIT.usage,
  EmptyFile: EXIT.failure,
  UnknownColumn: EXIT.usage,
  DuplicateColumn: EXIT.usage,
  ColumnMismatch: EXIT.usage,
  InvalidDigest: EXIT.usage,
  HashKeyMissing: EXIT.usage,

  NoMirrors: EXIT.failure,
  AmbiguousMirror: EXIT.usage,
  UnknownMirror: EXIT.failure,
  NoPrimaryKey: EXIT.usage,
  MirrorPaused: EXIT.paused,
  MirrorChanged: EXIT.failure,
  UnknownEntry: EXIT.failure,
  UnknownToken: EXIT.failure,
  NothingHeld: EXIT.failure,
  NeverAudited: EXIT.failure,
  PositionExpired: EXIT.failure,

  NoSource: EXIT.usage,
  SourceUnreadable: EXIT.failure,
  ConnectionFailed: EXIT.failure,
  NoTables: EXIT.usage,
  UnknownTable: EXIT.usage,
  InvalidTableName: EXIT.usage,
  TooManyColumns: EXIT.usage,

  SystemError: EXIT.failure,
  InternalError: EXIT.failure,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof ERRORS;

/** Ends the command with a code for machines and a sentence for people instead of a stack trace. */
export class CliError extends Error {
  override name = "CliError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A mistake on the command line. */
export function usageError(message: string): CliError {
  return new CliError("InvalidUsage", message);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
