import { ApiError } from "../api/apiError.js";
import type { V1Client } from "../api/client.js";
import { DeliveryBody } from "../files/body.js";
import { CliError } from "../terminal/exit.js";
import type { Delivered, MirrorInfo, RunOptions } from "../../core/wire/v1.js";
import type { Counts } from "../../core/wire/changes.js";
import { addCounts } from "../../core/wire/counts.js";
import { chained, newCheckpoint, type Checkpoint, type CheckpointFile } from "./checkpoint.js";
import type { Mapping } from "../files/mapping.js";
import type { Rows } from "../files/rows.js";

/** Rows of a delivery. The same always: a push that is resumed must cut the file as before. */
const MAX_ROWS = 1_000;
const MAX_BYTES = 1024 * 1024;

/** How long a push may rest between Ctrl-C and its resumption before its run counts as died, in seconds: an hour. */
const SILENCE_SECONDS = 60 * 60;

const NO_ROWS = "The file has no rows; a refresh would empty the mirror.";

/** A file from its beginning. The mapping is what is still to be done to its rows. */
interface Opened {
  rows: Rows;
  mapping: Mapping;
  /** Whether it has no row. */
  isEmpty: boolean;
}

export type Mode = "upsert" | "append" | "refresh";

export interface PushOptions {
  client: V1Client;
  mirror: MirrorInfo;
  mode: Mode;
  open: () => Promise<Opened>;
  /** Whether it can be opened again; a pipe cannot. */
  rereadable: boolean;
  /** A refresh without a single row empties the mirror: only if that is said to be right. */
  allowEmpty: boolean;
  /** The refresh may delete more than the mirror's limit allows. */
  allowShrink: boolean;
  checkpoints: CheckpointFile;
  /** Forget an earlier push of the file that was cut off. */
  restart: boolean;
  signal: AbortSignal;
  onProgress: (rows: number, counts: Counts) => void;
  onNote: (note: string) => void;
}

export interface Pushed {
  finished: boolean;
  resumedRows: number;
  rows: number;
  counts: Counts;
  quarantinedKeys: unknown[];
  state: string;
  /** What became of the run, in words: how many rows a refresh has deleted. Null where nobody says it. */
  reason: string | null;
  /** Why nothing is deleted until a person agrees; null when the refresh's sweep is not held. */
  held: string | null;
}

/** A refresh that was cut off cannot go on: another has begun since, or its input is another. The message says which. */
class StartOver extends Error {}

/** Brings the rows of a file to a mirror, once each, however often it is cut off and begun again. */
export async function push(options: PushOptions): Promise<Pushed> {
  const { checkpoints, restart, onNote } = options;
  let known = restart ? null : checkpoints.read();
  if (known !== null && options.mode === "refresh" && !options.rereadable) {
    // Nobody can tell yet whether this input is that of then, and rows that were sent before cost nothing.
    onNote("An earlier refresh from stdin was cut off; this one starts from the first row.");
    checkpoints.remove();
    known = null;
  }
  try {
    return await new Pushing(options, known ?? newCheckpoint(), known !== null).run();
  } catch (error) {
    if (!(error instanceof StartOver)) throw error;
    checkpoints.remove();
    onNote(`${error.message}; this one starts from the first row.`);
    return await new Pushing(options, newCheckpoint(), false).run();
  }
}

class Pushing {
  readonly #resumedRows: number;
  readonly #keys: unknown[] = [];
  /** Deliveries that were cut from the file so far. */
  #cut = 0;
  #rows = 0;
  #hash = "";
  #inFlight: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: PushOptions,
    private readonly checkpoint: Checkpoint,
    private readonly resuming: boolean,
  ) {
    this.#resumedRows = checkpoint.rows;
  }

  async run(): Promise<Pushed> {
    const { open, rereadable, mode, allowEmpty, signal } = this.options;
    // Opened first: a file that is not there should not begin a run.
    let opened = await open();
    if (!this.resuming) {
      if (opened.isEmpty && !signal.aborted) {
        if (mode !== "refresh") return this.#result(true, { state: "empty" });
        if (!allowEmpty) throw new CliError("EmptyFile", `${NO_ROWS} Add --allow-empty to do that.`);
      }
      if (rereadable) {
        await this.#check(opened);
        opened = await open();
      }
      if (signal.aborted) return this.#result(false, { state: "cut off" });
      await this.#begin();
    }
    try {
      for await (const body of this.#bodies(opened)) await this.#submit(body);
      await this.#inFlight;
    } catch (error) {
      await this.#inFlight.catch(() => undefined);
      throw error;
    }
    if (signal.aborted) return this.#result(false, { state: "cut off" });
    if (this.#cut < this.checkpoint.acknowledged) throw this.#changed();
    if (this.#cut === 0 && this.options.mode === "refresh" && !this.options.allowEmpty)
      await this.#refuseEmpty();
    return await this.#finish();
  }

  /** Cuts the rows of the file into deliveries. */
  async *#bodies({ rows, mapping }: Opened): AsyncGenerator<DeliveryBody, void> {
    const { signal } = this.options;
    let body = new DeliveryBody();
    for await (const some of rows) {
      for (const row of some) {
        mapping.addTo(body, row);
        if (body.rows < MAX_ROWS && body.bytes < MAX_BYTES) continue;
        if (signal.aborted) return;
        yield body;
        body = new DeliveryBody();
      }
      if (signal.aborted) return;
    }
    if (body.rows > 0) yield body;
  }

  /**
   * Reads the file to its end before a run begins: one that breaks off should leave no trace on the deployment. Reading
   * takes far less time than sending.
   * @throws CliError
   */
  async #check(opened: Opened): Promise<void> {
    try {
      for await (const body of this.#bodies(opened)) body.release();
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new CliError(error.code, `${error.message} Nothing was sent.`, { cause: error });
    }
  }

  /** Begins a run for what is not acknowledged yet. */
  async #begin(): Promise<void> {
    const { client, mirror, mode, onNote } = this.options;
    const { generation } = this.checkpoint;
    const run: RunOptions = {
      mirror: mirror.name,
      syncMode: mode === "upsert" ? "append_dedup" : mode === "append" ? "append" : "overwrite",
      silenceSeconds: SILENCE_SECONDS,
      ...(generation !== null && { generation }),
    };
    const begun = await client.begin(run).catch((error: unknown) => {
      if (generation !== null && error instanceof ApiError && error.code === "StaleGeneration") return null;
      throw error;
    });
    if (begun === null || (generation !== null && !begun.continued))
      throw new StartOver("Another refresh of the mirror has begun since");
    Object.assign(this.checkpoint, {
      run: begun.run,
      generation: begun.generation,
      base: this.checkpoint.acknowledged,
    });
    this.options.checkpoints.write(this.checkpoint);
    const { length } = begun.resend;
    if (length > 0)
      onNote(
        `The mirror requests ${String(length)} of its rows again; this push delivers those that the file has.`,
      );
  }

  /** Sends a delivery once the one before it is acknowledged; while it is under way, the next one is cut. */
  async #submit(body: DeliveryBody): Promise<void> {
    this.#cut++;
    this.#rows += body.rows;
    this.#hash = chained(this.#hash, body.content);
    if (this.#cut <= this.checkpoint.acknowledged) {
      body.release();
      if (this.#cut === this.checkpoint.acknowledged && this.#hash !== this.checkpoint.hash)
        throw this.#changed();
      return;
    }
    await this.#inFlight;
    const [number, rows, hash] = [this.#cut, this.#rows, this.#hash];
    this.#inFlight = this.#deliver(body, number).then((delivered) => {
      body.release();
      this.#acknowledge(number, rows, hash, delivered);
    });
    // The error is met where the promise is awaited.
    this.#inFlight.catch(() => undefined);
  }

  async #deliver(body: DeliveryBody, number: number): Promise<Delivered> {
    try {
      return await this.#send(body, number);
    } catch (error) {
      if (!hasEnded(error) || !this.resuming || number !== this.checkpoint.acknowledged + 1) throw error;
      if (this.options.mode === "append") {
        this.options.onNote(
          `The earlier run has ended. If its last delivery (rows from ${String(this.checkpoint.rows + 1)}) was applied but its answer was lost, its rows are appended twice.`,
        );
      }
      await this.#begin();
      return await this.#send(body, number);
    }
  }

  async #send(body: DeliveryBody, number: number): Promise<Delivered> {
    const { run, id, base } = this.checkpoint;
    const bytes = body.seal({
      run,
      mirror: this.options.mirror.name,
      delivery: `${id}-${String(number)}`,
      sequence: number - base,
    });
    return await this.options.client.deliver(bytes);
  }

  #acknowledge(number: number, rows: number, hash: string, { counts, quarantinedKeys }: Delivered): void {
    const { checkpoint, options } = this;
    Object.assign(checkpoint, {
      acknowledged: number,
      rows,
      hash,
      counts: addCounts(checkpoint.counts, counts),
    });
    options.checkpoints.write(checkpoint);
    for (const key of quarantinedKeys) if (this.#keys.length < 20) this.#keys.push(key);
    options.onProgress(rows, checkpoint.counts);
  }

  async #refuseEmpty(): Promise<never> {
    await this.options.client.finish(this.checkpoint.run, "incomplete", NO_ROWS);
    this.options.checkpoints.remove();
    throw new CliError("EmptyFile", `${NO_ROWS} Add --allow-empty to do that.`);
  }

  /** Another file is another refresh. In the other modes a person should know that a part of the old one is applied. */
  #changed(): Error {
    return this.options.mode === "refresh"
      ? new StartOver("The file has changed since its refresh was cut off")
      : new CliError(
          "FileChanged",
          "The file or its options have changed since the interrupted push. Push it from the beginning with --restart.",
        );
  }

  async #finish(): Promise<Pushed> {
    const { client, checkpoints, allowEmpty, allowShrink } = this.options;
    // --allow-empty says already what becomes of the rows.
    const agreed = { allowShrink: allowShrink || (allowEmpty && this.#cut === 0) };
    const finish = async () =>
      client.finish(this.checkpoint.run, "complete", "The complete file was pushed.", agreed);
    const finished = await finish().catch(async (error: unknown) => {
      if (!this.resuming || !hasEnded(error)) throw error;
      await this.#begin();
      return await finish();
    });
    checkpoints.remove();
    // The file is applied; if nobody can say what becomes of the other rows, that is no failure.
    return this.#result(true, await client.swept(finished).catch(() => finished));
  }

  #result(finished: boolean, { state, reason }: { state: string; reason?: string }): Pushed {
    const { rows, counts } = this.checkpoint;
    return {
      finished,
      resumedRows: this.#resumedRows,
      rows,
      counts,
      quarantinedKeys: this.#keys,
      state,
      reason: reason ?? null,
      held: state === "held" ? (reason ?? "") : null,
    };
  }
}

/** Whether a run is refused because it is over: finished, fallen silent, or another has taken over. */
function hasEnded(error: unknown): boolean {
  return error instanceof ApiError && (error.code === "StaleRun" || error.code === "UnknownRun");
}
