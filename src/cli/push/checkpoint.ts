import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CliError, messageOf } from "../terminal/exit.js";
import type { Counts } from "../../core/wire/changes.js";
import { noCounts } from "../../core/wire/counts.js";
import type { Place } from "../terminal/io.js";

/** What a push has to remember to go on after it was cut off. No token, and no row. */
export interface Checkpoint {
  version: 1;
  /** Part of the names of its deliveries. */
  id: string;
  run: string;
  generation: number | null;
  /** Deliveries that earlier runs of this push have brought. */
  base: number;
  /** Deliveries that are acknowledged, over all runs. */
  acknowledged: number;
  rows: number;
  /** Hash over the content of the acknowledged deliveries: another file has another. */
  hash: string;
  counts: Counts;
}

export function newCheckpoint(): Checkpoint {
  const id = `push-${new Date().toISOString().replace(/[-:.]/g, "")}`;
  return {
    version: 1,
    id,
    run: "",
    generation: null,
    base: 0,
    acknowledged: 0,
    rows: 0,
    hash: "",
    counts: noCounts,
  };
}

/** The hash after one more delivery. */
export function chained(hash: string, content: Uint8Array): string {
  return createHash("sha256").update(hash).update(content).digest("hex");
}

/** Where the checkpoint of one push is kept: of this file, to this mirror of this deployment, in this mode. */
export class CheckpointFile {
  readonly path: string;

  constructor({ cwd, env }: Place, what: { url: string; mirror: string; mode: string; file: string }) {
    const file = what.file === "-" ? "-" : path.resolve(cwd, what.file);
    const name = createHash("sha256")
      .update(JSON.stringify([what.url, what.mirror, what.mode, file]))
      .digest("hex");
    const state = env.XDG_STATE_HOME ?? path.join(os.homedir(), ".local", "state");
    this.path = path.join(state, "convex-streaming-import", `push-${name.slice(0, 24)}.json`);
  }

  read(): Checkpoint | null {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch {
      return null;
    }
    try {
      const checkpoint = JSON.parse(text) as { version: number };
      return checkpoint.version === 1 ? (checkpoint as Checkpoint) : null;
    } catch {
      return null;
    }
  }

  /** Written beside and moved, so that it is never half written. */
  write(checkpoint: Checkpoint): void {
    try {
      mkdirSync(path.dirname(this.path), { recursive: true });
      writeFileSync(`${this.path}.tmp`, JSON.stringify(checkpoint), { mode: 0o600 });
      renameSync(`${this.path}.tmp`, this.path);
    } catch (error) {
      throw new CliError(
        "FileUnwritable",
        `The progress cannot be saved: ${messageOf(error)}. Set XDG_STATE_HOME to a folder that can be written.`,
      );
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
