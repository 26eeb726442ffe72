import { sync, type Connection, type SourceMessage } from "./connector.js";
import type { Dataset } from "./dataset.js";
import { Meter } from "./meter.js";
import { showProgress } from "./progress.js";
import { catalogOf, changes, snapshot } from "./source.js";

/** What the source holds, and how many records per table it has sent so far. */
export interface SourceState {
  dataset: Dataset;
  sent: Record<keyof Dataset, number>;
}

export interface FirstSync {
  whole: Meter;
  /** The largest stream by itself: its rows are alike, so its parts can be compared. */
  largest: Meter;
}

/** With a page open, changes come at the pace of a source that reads a log, not all at once. */
const PAUSE_AT_CHECKPOINT_MS = 350;

/** Sends every row, stream after stream. */
export async function firstSync(
  connection: Connection,
  state: SourceState,
  quiet: boolean,
): Promise<FirstSync> {
  const { dataset } = state;
  state.sent = {
    airports: dataset.airports.length,
    flights: dataset.flights.length,
    measurements: dataset.measurements.length,
  };
  const total = sum(Object.values(state.sent));
  // The largest stream is the last one.
  const before = total - Math.max(...Object.values(state.sent));
  const progress = showProgress("first sync ", total, quiet);
  const whole = new Meter();
  let largest = whole;
  await sync(connection, catalogOf(dataset), snapshot(dataset), (rows) => {
    whole.add(rows);
    if (largest !== whole) largest.add(rows);
    if (whole.rows === before) largest = new Meter();
    progress.add(rows);
  }).finally(() => {
    progress.stop();
  });
  return { whole, largest };
}

/** Sends what has changed since; the same changes for the same round. */
export async function laterSync(
  connection: Connection,
  state: SourceState,
  round: number,
  { quiet, slow }: { quiet: boolean; slow: boolean },
): Promise<void> {
  const { messages, sent, after } = changes(state.dataset, round);
  const progress = showProgress(round === 1 ? "second sync" : "next sync  ", sum(Object.values(sent)), quiet);
  await sync(connection, catalogOf(state.dataset), slow ? slowly(messages) : messages, (rows) => {
    progress.add(rows);
  }).finally(() => {
    progress.stop();
  });
  state.dataset = after;
  for (const name of Object.keys(sent) as (keyof Dataset)[]) state.sent[name] += sent[name];
}

async function* slowly(messages: readonly SourceMessage[]): AsyncGenerator<SourceMessage> {
  for (const message of messages) {
    yield message;
    if (message.type === "STATE") await new Promise((resolve) => setTimeout(resolve, PAUSE_AT_CHECKPOINT_MS));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
