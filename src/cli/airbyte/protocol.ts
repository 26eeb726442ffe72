/** The parts of the Airbyte protocol that a destination meets. Other fields are allowed everywhere, and ignored. */

export interface StreamDescriptor {
  name: string;
  namespace?: string | null;
}

export interface ConfiguredStream {
  stream: { name: string; namespace?: string | null; json_schema?: unknown };
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
}

export interface StateMessage {
  /** LEGACY when absent. */
  type?: string;
  stream?: { stream_descriptor?: StreamDescriptor };
}

export type StreamStatus = "STARTED" | "RUNNING" | "COMPLETE" | "INCOMPLETE";

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
