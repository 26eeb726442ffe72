/**
 * The demo: a local deployment with the example on it, and real data streaming in as Airbyte would send it.
 *
 *   npm run demo                              page, prompts, progress
 *   npm run demo -- --once --json --rows 20k  both syncs without either; prints one line, exits 1 if it does not add up
 */
import { parseArgs } from "node:util";
import { DATASET_SIZES, readDataset, type Dataset, type DatasetSize } from "./demo/dataset.js";
import { buildPackage, COMPONENT, connect, pushExample, type Deployment } from "./demo/deployment.js";
import { openKeyboard } from "./demo/keyboard.js";
import { outside } from "./demo/outside.js";
import { servePage } from "./demo/page.js";
import { step } from "./demo/progress.js";
import { makeReport, summaryOf, type MirrorStatus } from "./demo/report.js";
import { rowsOf } from "./demo/source.js";
import { unlessStopped } from "./demo/stopped.js";
import { firstSync, laterSync, type FirstSync, type SourceState } from "./demo/syncs.js";
import { spawnLocalConvex } from "./local-convex/spawn.js";
import { onOrphaned } from "./orphaned.js";

const USAGE = `Usage: npm run demo -- [options]

  --rows <5k|20k|200k>  how much to stream (default 5k): 5k and 20k are flights with a key,
                        200k adds measurements without one
  --once                two syncs without page and prompts, then exit; 1 when the counts do not add up
  --json                print the result as one line of JSON
  --port <n>            port of the page, or the next that is free (default 5173)
  --help
`;

interface Options {
  rows: DatasetSize;
  once: boolean;
  json: boolean;
  port: number;
}

/** What has to be closed in the end, the newest first. */
type Closers = (() => Promise<void> | void)[];

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

async function demo(options: Options, closers: Closers, stop: AbortSignal): Promise<boolean> {
  // For a program that reads the result, not even progress.
  const quiet = options.once && options.json;
  const say = (text: string): void => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const state: SourceState = {
    dataset: await readDataset(options.rows),
    sent: { airports: 0, flights: 0, measurements: 0 },
  };
  const server = await step("Building the package, starting a local deployment", quiet, async () => {
    const starting = spawnLocalConvex({ optimistic: true });
    closers.push(async () => {
      await (await starting).close();
    });
    await Promise.all([starting, buildPackage()]);
    return await starting;
  });
  const deployment = await step("Pushing the example", quiet, () => pushExample(server, stop));
  const connection = await connect(deployment);

  if (options.once) {
    const first = await firstSync(connection, state, quiet);
    await laterSync(connection, state, 1, { quiet, slow: false });
    return await tell(deployment, state, first, options);
  }

  const page = await step("Starting the page", quiet, () =>
    servePage(deployment.url, options.port, outside(deployment.call, connection, state)),
  );
  closers.push(page.close);
  say(`
  The page       ${page.url}
  Deployment     ${deployment.url}
  HTTP actions   ${deployment.siteUrl}
`);
  const keyboard = openKeyboard();
  closers.push(() => keyboard?.close());
  await keyboard?.enter(`Open the page, then press Enter to stream ${describe(state.dataset)} into it. `);
  const first = await firstSync(connection, state, quiet);
  await keyboard?.enter("Press Enter for a second sync: a few hundred flights change, come and go. ");
  await laterSync(connection, state, 1, { quiet, slow: true });
  const ok = await tell(deployment, state, first, options);
  for (let round = 2; keyboard !== null; round++) {
    await keyboard.enter("Press Enter for another sync, Ctrl-C to stop. ");
    await laterSync(connection, state, round, { quiet, slow: true });
  }
  say("Press Ctrl-C to stop.");
  await new Promise<void>((resolve) => {
    stop.addEventListener("abort", () => {
      resolve();
    });
  });
  return ok;
}

/** Prints what became of it all. Returns whether it adds up. */
async function tell(
  deployment: Deployment,
  { dataset, sent }: SourceState,
  { whole, largest }: FirstSync,
  { json }: Options,
): Promise<boolean> {
  const statuses = (await deployment.call("registry:list", { exact: true }, COMPONENT)) as MirrorStatus[];
  const { report, problems } = makeReport(statuses, { sent, rows: rowsOf(dataset) }, whole, largest);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stderr.write(summaryOf(report));
  for (const problem of problems) process.stderr.write(`Does not add up: ${problem}\n`);
  return report.ok;
}

function describe({ airports, flights, measurements }: Dataset): string {
  const parts = [
    `${airports.length.toLocaleString("en")} airports`,
    `${flights.length.toLocaleString("en")} flights`,
  ];
  if (measurements.length > 0) parts.push(`${measurements.length.toLocaleString("en")} measurements`);
  return new Intl.ListFormat("en").format(parts);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const stop = new AbortController();
  const closers: Closers = [];
  const closeAll = async (): Promise<void> => {
    stop.abort();
    for (const close of closers.splice(0).reverse()) await close();
  };
  // With a page, Ctrl-C is how it ends.
  const end = (): void => {
    process.stderr.write("\n");
    void closeAll().finally(() => process.exit(options.once ? 1 : 0));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  onOrphaned(end);
  try {
    const ok = await unlessStopped(demo(options, closers, stop.signal), stop.signal);
    if (ok !== null) process.exitCode = ok ? 0 : 1;
  } finally {
    await closeAll();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
