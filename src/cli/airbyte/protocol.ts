import { ApiError } from "../api/apiError.js";
import { messageOf } from "../terminal/exit.js";
import type { Writable } from "node:stream";
import { jsonOf } from "../terminal/output.js";

/** The parts of the Airbyte protocol that a destination meets. Other fields are allowed everywhere, and ignored. */

export interface StreamDescriptor {
  name: string;
  namespace?: string | null;
}

export interface ConfiguredStream {
  stream: { name: string; namespace?: string | null; json_schema?: unknown };
  sync_mode?: string;
  destination_sync_mode: string;
  primary_key?: string[][] | null;
  generation_id?: number | null;
  minimum_generation_id?: number | null;
  sync_id?: number | null;
}

export interface ConfiguredCatalog {
  streams: ConfiguredStream[];
}

export interface RecordMessage {
  stream: string;
  namespace?: string | null;
  data: Record<string, unknown>;
  emitted_at?: number;
  meta?: { changes?: { field?: unknown; change?: unknown }[] | null } | null;
}

export interface StateMessage {
  /** LEGACY when absent. */
  type?: string;
  stream?: { stream_descriptor?: StreamDescriptor };
}

export interface TraceMessage {
  type: string;
  stream_status?: { stream_descriptor?: StreamDescriptor; status?: string };
}

/** A message on stdin, before anything of it is checked. */
export interface Message {
  type?: unknown;
  record?: unknown;
  state?: unknown;
  trace?: unknown;
}

export type FailureType = "system_error" | "config_error" | "transient_error";

export type LogLevel = "FATAL" | "ERROR" | "WARN" | "INFO" | "DEBUG";

/** A stream as people and catalogs write it: `namespace.name`, or the name alone. */
export function streamName({ name, namespace }: StreamDescriptor): string {
  return namespace === null || namespace === undefined || namespace === "" ? name : `${namespace}.${name}`;
}

/** A stream as a key of maps. */
export function streamKey({ name, namespace }: StreamDescriptor): string {
  return `${namespace ?? ""}\u0000${name}`;
}

/** A reason to end a sync, classified as the platform wants it: it retries what is transient, and shows people the rest. */
export class SyncFailure extends Error {
  override name = "SyncFailure";

  constructor(
    readonly type: FailureType,
    message: string,
    readonly stream?: StreamDescriptor,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function configError(message: string, stream?: StreamDescriptor): SyncFailure {
  return new SyncFailure("config_error", message, stream);
}

/** Classifies whatever ended a sync. */
export function toFailure(error: unknown, stream?: StreamDescriptor): SyncFailure {
  if (error instanceof SyncFailure) return error;
  if (!(error instanceof ApiError))
    return new SyncFailure("system_error", messageOf(error), stream, { cause: error });
  return new SyncFailure(typeOf(error), `${error.message} (${error.code})`, stream, { cause: error });
}

function typeOf(error: ApiError): FailureType {
  // Another run has taken over, most likely the next attempt. The one that is alive continues.
  if (error.code === "StaleRun") return "transient_error";
  if (error.code === "UnknownRun") return "transient_error";
  // Someone has paused the mirror, or the source's generations are older than the mirror's.
  if (error.code === "MirrorPaused" || error.code === "StaleGeneration") return "config_error";
  if (error.isConfiguration || error.status === 413) return "config_error";
  return error.isTransient ? "transient_error" : "system_error";
}

/** Writes protocol messages: one JSON object per line, and nothing else, on stdout. */
export class Emitter {
  constructor(private readonly out: Writable) {}

  message(message: Record<string, unknown>): void {
    this.raw(jsonOf(message));
  }

  /** A message that is JSON text already. */
  raw(line: string | Buffer): void {
    this.out.write(line);
    this.out.write("\n");
  }

  log(level: LogLevel, message: string): void {
    this.message({ type: "LOG", log: { level, message } });
  }

  /** Says why the command is about to fail, in the words that the platform shows to people. */
  failure(
    type: FailureType,
    message: string,
    details: { internal?: string; stream?: StreamDescriptor } = {},
  ): void {
    const { internal, stream } = details;
    this.message({
      type: "TRACE",
      trace: {
        type: "ERROR",
        emitted_at: Date.now(),
        error: {
          message,
          ...(internal !== undefined && { internal_message: internal }),
          failure_type: type,
          ...(stream !== undefined && { stream_descriptor: stream }),
        },
      },
    });
  }

  /** Resolves when everything written has left this process. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.out.write("", () => {
        resolve();
      });
    });
  }
}
