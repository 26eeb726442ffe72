import { PassThrough, Writable } from "node:stream";
import type { ExitCode } from "../../../src/cli/terminal/exit.js";
import { write, type WriteOptions } from "../../../src/cli/airbyte/run.js";
import type { Sink } from "./sink.js";

export interface StreamOptions {
  mode?: string;
  namespace?: string | null;
  key?: string[][] | null;
  generation?: number | null;
  minimum?: number | null;
}

/** A configured stream of the catalog. */
export function stream(name: string, options: StreamOptions = {}) {
  const {
    mode = "append_dedup",
    namespace = "public",
    key = [["id"]],
    generation = null,
    minimum = null,
  } = options;
  return {
    stream: {
      name,
      ...(namespace !== null && { namespace }),
      json_schema: { properties: { id: { type: "integer" } } },
    },
    sync_mode: "incremental",
    destination_sync_mode: mode,
    primary_key: mode === "append_dedup" ? key : null,
    generation_id: generation,
    minimum_generation_id: minimum,
    sync_id: null,
  };
}

export function record(name: string, data: unknown, namespace: string | null = "public") {
  return {
    type: "RECORD",
    record: { ...(namespace !== null && { namespace }), stream: name, data, emitted_at: 1_700_000_000_000 },
  };
}

export function state(name: string, cursor: unknown) {
  return {
    type: "STATE",
    state: {
      type: "STREAM",
      stream: { stream_descriptor: { name, namespace: "public" }, stream_state: { cursor } },
    },
  };
}

export function status(name: string, told: string) {
  const stream_status = { stream_descriptor: { name, namespace: "public" }, status: told };
  return { type: "TRACE", trace: { type: "STREAM_STATUS", emitted_at: 1, stream_status } };
}

export interface Emitted {
  line: string;
  message: {
    type: string;
    state?: Record<string, unknown>;
    log?: { level: string; message: string };
    trace?: { error: { failure_type: string; message: string; stream_descriptor?: unknown } };
  };
  /** Changes that the sink had applied when the line was written. */
  applied: number;
}

/** A run of `airbyte write` in this process, with its stdin and stdout in the test's hand. */
export class Writing {
  readonly input = new PassThrough();
  readonly emitted: Emitted[] = [];
  readonly abort = new AbortController();
  readonly done: Promise<ExitCode>;

  constructor(
    sink: Sink,
    streams: unknown[],
    options: Partial<WriteOptions> & { settings?: Record<string, unknown> } = {},
  ) {
    const { settings, ...rest } = options;
    let rest_ = "";
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        rest_ += chunk.toString();
        const lines = rest_.split("\n");
        rest_ = lines.pop()!;
        for (const line of lines) {
          this.emitted.push({ line, message: JSON.parse(line) as Emitted["message"], applied: sink.applied });
        }
        done();
      },
    });
    this.done = write({
      config: JSON.stringify({ deployment_url: sink.url, access_key: sink.token, ...settings }),
      catalog: JSON.stringify({ streams }),
      input: this.input,
      output,
      signal: this.abort.signal,
      retry: { baseMs: 2, maxMs: 10, giveUpAfterMs: 500 },
      graceMs: 300,
      ...rest,
    });
  }

  send(...messages: unknown[]): void {
    for (const message of messages) this.line(JSON.stringify(message));
  }

  line(text: string): void {
    this.input.write(`${text}\n`);
  }

  async end(): Promise<ExitCode> {
    this.input.end();
    return await this.done;
  }

  get states(): Record<string, unknown>[] {
    return this.emitted.flatMap(({ message }) => (message.state === undefined ? [] : [message.state]));
  }

  get stateLines(): string[] {
    return this.emitted.filter(({ message }) => message.type === "STATE").map(({ line }) => line);
  }

  get logs(): string[] {
    return this.emitted.flatMap(({ message }) => message.log?.message ?? []);
  }

  get failure() {
    return this.emitted.find(({ message }) => message.type === "TRACE")?.message.trace?.error;
  }
}

/** Sends messages, ends the input and waits for the end. */
export async function sync(
  sink: Sink,
  streams: unknown[],
  messages: unknown[],
  options: ConstructorParameters<typeof Writing>[2] = {},
): Promise<{ code: ExitCode; writing: Writing }> {
  const writing = new Writing(sink, streams, options);
  writing.send(...messages);
  return { code: await writing.end(), writing };
}
