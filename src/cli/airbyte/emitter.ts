import type { Writable } from "node:stream";
import type { FailureType, LogLevel, StreamDescriptor } from "./protocol.js";

/** Writes protocol messages: one JSON object per line, and nothing else, on stdout. */
export class Emitter {
  constructor(private readonly out: Writable) {}

  message(message: Record<string, unknown>): void {
    this.raw(JSON.stringify(message));
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
