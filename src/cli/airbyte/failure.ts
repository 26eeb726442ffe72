import { ApiError } from "../api/apiError.js";
import { messageOf } from "../terminal/exit.js";
import type { FailureType, StreamDescriptor } from "./protocol.js";

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
  // Another run has taken over, most likely the next attempt: whoever is alive goes on.
  if (error.code === "StaleRun") return "transient_error";
  if (error.code === "UnknownRun") return "transient_error";
  // Someone has paused the mirror, or the source's generations are older than the mirror's.
  if (error.code === "MirrorPaused" || error.code === "StaleGeneration") return "config_error";
  if (error.isConfiguration || error.status === 413) return "config_error";
  return error.isTransient ? "transient_error" : "system_error";
}
