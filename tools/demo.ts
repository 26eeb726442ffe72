/**
 * The demo: a local deployment with the example on it, and real data streaming in as Airbyte would send it.
 *
 *   npm run demo                              page, prompts, progress
 *   npm run demo -- --once --json --rows 20k  both syncs without either; prints one line, exits 1 if it does not add up
 */
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { check, sync, type Connection, type SourceMessage } from "./demo/connector.js";
import { DATASET_SIZES, readDataset, type Dataset, type DatasetSize } from "./demo/dataset.js";
import { buildPackage, startDeployment, type Deployment } from "./demo/deployment.js";
import { Meter } from "./demo/meter.js";
import { servePage } from "./demo/page.js";
import { showProgress } from "./demo/progress.js";
import { report, type Expected, type MirrorStatus } from "./demo/report.js";
import { catalogOf, changes, rowsOf, snapshot } from "./demo/source.js";

const USAGE = `Usage: npm run demo -- [options]

  --rows <5k|20k|200k>  how much to stream (default 5k): 5k and 20k are flights with a key,
                        200k adds measurements without one
  --once                two syncs without page and prompts, then exit
  --json                print the result as one line of JSON; progress goes to stderr
  --port <n>            port of the page (default 5173)
  --help
`;

interface Options {
  rows: DatasetSize;
  once: boolean;
  json: boolean;
  port: number;
}

/** With a page open, changes come at the pace of a source that reads a log, not all at once. */
const PAUSE_AT_CHECKPOINT_MS = 350;

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "5k" },
      once: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      port: { type: "string", default: "5173" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const rows = DATASET_SIZES.find((size) => size === values.rows);
  if (rows === undefined) throw new Error(`--rows must be one of ${DATASET_SIZES.join(", ")}`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error("--port must be a port number");
  return { rows, once: values.once, json: values.json, port };
}

async function demo(
  options: Options,
  stop: AbortSignal,
  onStop: (close: () => Promise<void>) => void,
): Promise<boolean> {
  const say = (text: string): void => {
    if (!options.json || !options.once) process.stderr.write(`${text}\n`);
  };
  const dataset = await readDataset(options.rows);
  say("Building the package …");
  await buildPackage();
  say("Starting a local deployment and pushing the example to it …");
  const deployment = await startDeployment(stop);
  onStop(deployment.close);
  const connection: Connection = {
    deploymentUrl: deployment.siteUrl,
    accessKey: (await deployment.call("mutation", "imports:createToken", {
      name: "demo",
      mirrors: ["airports", "flights", "measurements"],
    })) as string,
  };
  await check(connection);

  let prompt: ((question: string) => Promise<void>) | null = null;
  if (!options.once) {
    const page = await servePage(deployment.url, options.port);
    onStop(page.close);
    say(
      `\n  The page       ${page.url}\n  Deployment     ${deployment.url}\n  HTTP actions   ${deployment.siteUrl}\n`,
    );
    const keyboard = createInterface({ input: process.stdin, output: process.stderr });
    onStop(async () => {
      keyboard.close();
      return Promise.resolve();
    });
    keyboard.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    if (process.stdin.isTTY)
      prompt = async (question) => void (await keyboard.question(question, { signal: stop }));
  }

  const state = { dataset, sent: { airports: 0, flights: 0, measurements: 0 } };
  await prompt?.(`Open the page, then press Enter to stream ${describe(dataset)} into it. `);
  const { whole, largest } = await firstSync(connection, state, options);
  await prompt?.("Press Enter for a second sync: a few hundred flights change, come and go. ");
  await laterSync(connection, state, 1, options);

  const result = report(await statusOf(deployment), expectedOf(state), whole, largest);
  if (options.json) process.stdout.write(`${JSON.stringify(result.report)}\n`);
  else say(summaryOf(result.report));
  for (const problem of result.problems) process.stderr.write(`Does not add up: ${problem}\n`);
  if (options.once) return result.report.ok;

  for (let round = 2; prompt !== null; round++) {
    await prompt("Press Enter for another sync, Ctrl-C to stop. ");
    await laterSync(connection, state, round, options);
  }
  say("Press Ctrl-C to stop.");
  await new Promise(() => undefined);
  return true;
}

/** What was sent so far, and what the source holds. */
interface SourceState {
  dataset: Dataset;
  sent: Record<keyof Dataset, number>;
}

/** The first sync, measured: as a whole, and the largest stream by itself, whose rows can be compared with each other. */
async function firstSync(connection: Connection, state: SourceState, options: Options) {
  const { airports, flights, measurements } = state.dataset;
  state.sent = { airports: airports.length, flights: flights.length, measurements: measurements.length };
  const before = measurements.length > 0 ? airports.length + flights.length : airports.length;
  const total = before + (measurements.length > 0 ? measurements.length : flights.length);
  const progress = showProgress("first sync ", total, options.json && options.once);
  const whole = new Meter();
  let largest: Meter | null = null;
  if (before === 0) largest = new Meter();
  await sync(connection, catalogOf(state.dataset), snapshot(state.dataset), (rows) => {
    largest?.add(rows);
    whole.add(rows);
    progress.add(rows);
    if (whole.rows === before) largest = new Meter();
  });
  progress.stop();
  return { whole, largest: largest ?? whole };
}

async function laterSync(
  connection: Connection,
  state: SourceState,
  round: number,
  options: Options,
): Promise<void> {
  const { messages, sent, after } = changes(state.dataset, round);
  const total = messages.filter(({ type }) => type === "RECORD").length;
  const progress = showProgress(
    round === 1 ? "second sync" : "next sync  ",
    total,
    options.json && options.once,
  );
  await sync(connection, catalogOf(state.dataset), options.once ? messages : paced(messages), (rows) => {
    progress.add(rows);
  });
  progress.stop();
  state.dataset = after;
  for (const name of Object.keys(sent) as (keyof Dataset)[]) state.sent[name] += sent[name];
}

async function* paced(messages: readonly SourceMessage[]): AsyncGenerator<SourceMessage> {
  for (const message of messages) {
    yield message;
    if (message.type === "STATE") await new Promise((resolve) => setTimeout(resolve, PAUSE_AT_CHECKPOINT_MS));
  }
}

async function statusOf(deployment: Deployment): Promise<MirrorStatus[]> {
  return (await deployment.call("query", "imports:status", {})) as MirrorStatus[];
}

function expectedOf({ dataset, sent }: SourceState): Expected {
  return { sent, rows: rowsOf(dataset) };
}

function describe({ airports, flights, measurements }: Dataset): string {
  const parts = [
    `${airports.length.toLocaleString("en")} airports`,
    `${flights.length.toLocaleString("en")} flights`,
  ];
  if (measurements.length > 0) parts.push(`${measurements.length.toLocaleString("en")} measurements`);
  return parts.join(" and ");
}

function summaryOf({ mirrors, rowsPerSecond, ok }: ReturnType<typeof report>["report"]): string {
  const lines = Object.entries(mirrors).map(
    ([name, counts]) =>
      `  ${name.padEnd(13)} ${counts.rows.toLocaleString("en").padStart(8)} rows   received ${counts.received.toLocaleString("en")} = ${counts.inserted.toLocaleString("en")} inserted + ${counts.updated.toLocaleString("en")} updated + ${counts.unchanged.toLocaleString("en")} unchanged + ${counts.deleted.toLocaleString("en")} deleted + ${counts.stale.toLocaleString("en")} stale + ${counts.ignored.toLocaleString("en")} ignored`,
  );
  return `\n${lines.join("\n")}\n  ${rowsPerSecond.toLocaleString("en")} rows/s in the first sync. ${ok ? "Everything adds up." : "It does not add up:"}\n`;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const stop = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    stop.abort();
    for (const close of closers.splice(0).reverse()) await close();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => void closeAll().finally(() => process.exit(130)));
  }
  try {
    const ok = await demo(options, stop.signal, (close) => closers.push(close));
    process.exitCode = ok ? 0 : 1;
  } finally {
    await closeAll();
  }
}

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === "AbortError") return;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
