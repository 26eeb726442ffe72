import type { SingleBar } from "cli-progress";
import progress from "cli-progress";
import type { MirrorInfo } from "../../core/wire/v1.js";
import type { Counts } from "../../core/wire/changes.js";
import { isConserved, noCounts } from "../../core/wire/counts.js";
import type { Mode, Pushed } from "./push.js";
import { style } from "../terminal/style.js";
import type { Output } from "../terminal/io.js";
import { keyForPeople } from "../terminal/output.js";
import { count, number } from "../../core/words.js";

/** How often a line says how far a push is where there is no terminal, in milliseconds. */
const LINE_MS = 10_000;

/** How often a terminal is redrawn, in frames per second. */
const FPS = 5;

/** Shows how far a push is: a bar on a terminal, a line now and then in a log. Writes to stderr; stdout is for results. */
export class ProgressDisplay {
  readonly #bar: SingleBar | null;
  readonly #startedAt: number;
  #saidAt: number;
  #firstRows: number | null = null;

  constructor(
    private readonly out: Output,
    private readonly fraction: () => number | null,
    private readonly isSilent: boolean,
    /** Milliseconds of a clock; for tests. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#startedAt = this.#saidAt = now();
    this.#bar =
      out.isTTY === true && !isSilent
        ? new progress.SingleBar(
            {
              format: "{bar} {share}  {rows} rows  {speed} rows/s  {eta_text}",
              stream: out,
              fps: FPS,
              hideCursor: true,
              barsize: 20,
            },
            progress.Presets.shades_classic,
          )
        : null;
  }

  /** The bar is there once rows have arrived: until then, people are asked and told things. */
  update(rows: number): void {
    if (this.#bar?.isActive === false)
      this.#bar.start(1000, 0, { share: "", rows: 0, speed: "–", eta_text: "" });
    this.#firstRows ??= rows;
    const seconds = (this.now() - this.#startedAt) / 1000;
    const done = this.fraction();
    const speed = number(Math.round((rows - this.#firstRows) / Math.max(seconds, 0.1)));
    if (this.#bar === null) {
      if (this.isSilent || this.now() - this.#saidAt < LINE_MS) return;
      this.#saidAt = this.now();
      const share = done === null ? "" : `, ${(done * 100).toFixed(0)} %`;
      this.note(`${count(rows, "row")}${share}, ${speed} rows/s`);
      return;
    }
    const eta = done === null || done === 0 ? "" : `ETA ${duration((seconds / done) * (1 - done))}`;
    this.#bar.update(Math.round((done ?? 0) * 1000), {
      share: done === null ? "" : `${(done * 100).toFixed(0)} %`,
      rows: rows.toLocaleString("en"),
      speed,
      eta_text: eta,
    });
  }

  /** Writes a line above the bar: on its own line, without the "^C" that a terminal shows there. */
  note(text: string): void {
    this.out.write(`${this.out.isTTY === true ? "\r\u001B[K" : ""}${text}\n`);
    if (this.#bar?.isActive === true) this.#bar.render();
  }

  stop(): void {
    this.#bar?.stop();
  }
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  return `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
}

/** What became of the file, for people. */
export function summary(
  { name: mirror, primaryKey }: MirrorInfo,
  mode: Mode,
  pushed: Pushed,
  seconds: number,
): string {
  const { counts, rows, resumedRows, quarantinedKeys } = pushed;
  if (pushed.state === "empty")
    return `Nothing was sent to "${mirror}": the file has no rows. If it should have, look at what wrote it.`;
  const speed = count(Math.round((rows - resumedRows) / Math.max(seconds, 0.001)), "row");
  if (!pushed.finished && counts.received === 0)
    return `${style.yellow("Stopped")} before the first delivery: nothing was sent to "${mirror}".`;
  const lines = [
    `${pushed.finished ? style.green("Done") : style.yellow("Stopped")}: ${count(rows, "row")} to "${mirror}" in ${seconds.toFixed(1)} s (${speed}/s)${resumedRows > 0 ? `, ${resumedRows.toLocaleString("en")} of them before` : ""}.`,
    // Every row of a file is written, none deleted: what a refresh deletes is said below, and would be counted twice.
    conservation(counts, mode === "refresh" && counts.deleted === 0 ? ["deleted"] : []),
  ];
  if (counts.quarantined > 0) {
    const keys = quarantinedKeys.slice(0, 5).map((key) => keyForPeople(key, primaryKey ?? []));
    lines.push(
      style.yellow(
        `${count(counts.quarantined, "row")} ${counts.quarantined === 1 ? "waits" : "wait"} in quarantine${keys.length > 0 ? ` (${keys.join("; ")}${counts.quarantined > keys.length ? "; …" : ""})` : ""}: streaming-import quarantine list ${mirror}`,
      ),
    );
  }
  if (pushed.state === "sweeping") lines.push("Rows that are not in the file are being deleted now.");
  // The counts are those of the file; what the refresh has deleted since is not in it.
  if (mode === "refresh" && pushed.state === "complete" && pushed.reason !== null) lines.push(pushed.reason);
  if (pushed.held !== null) {
    lines.push(
      style.yellow(`Held: ${pushed.held}`),
      `Rows that are not in the file stay until you confirm their deletion: streaming-import sweep ${mirror}`,
    );
  }
  if (!pushed.finished) lines.push("Run the same command again to resume, or add --restart to start over.");
  return lines.join("\n");
}

/** The conservation law: every row that was received is accounted for. */
export function conservation(counts: Readonly<Counts>, without: readonly (keyof Counts)[] = []): string {
  // What the deployment sends comes in the order of the alphabet.
  const names = Object.keys(noCounts).filter((name) => name !== "received") as (keyof Counts)[];
  const parts = names
    .filter((name) => !without.includes(name))
    .map((name) => `${number(counts[name])} ${name}`);
  const sign = isConserved(counts) ? "=" : "≠";
  return `${number(counts.received)} received ${sign} ${parts.join(" + ")}`;
}
