import { writeFile } from "node:fs/promises";
import os from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PythonEnvironment } from "./python.js";
import { discover, Receiver, start } from "./support.js";

/** PyAirbyte, with our destination as a local executable. */

let python: PythonEnvironment;
let source: PythonEnvironment;
let receiver: Receiver;

beforeAll(async () => {
  python = await PythonEnvironment.of("airbyte==0.71.3");
  source = await PythonEnvironment.of("airbyte-source-faker==7.2.1");
  const streams = await discover(source.program("source-faker"), { count: 1 }, os.tmpdir());
  receiver = await Receiver.start(streams.filter(({ name }) => name === "users"));
});

afterAll(async () => {
  await receiver.close();
});

/** Syncs so many users. */
async function sync(count: number, strategy: string): Promise<void> {
  const settings = {
    source: source.program("source-faker"),
    destination: await receiver.executable(),
    config: receiver.destinationConfig,
    count,
    strategy,
  };
  await writeFile(receiver.file("settings.json"), JSON.stringify(settings));
  await writeFile(
    receiver.file("sync.py"),
    `import json, sys
import airbyte as ab
settings = json.load(open(sys.argv[1]))
source = ab.get_source(
    "source-faker",
    config={"count": settings["count"], "seed": 7, "parallelism": 1},
    local_executable=settings["source"],
    install_if_missing=False,
)
source.select_streams(["users"])
destination = ab.get_destination(
    "destination-streaming-import",
    config=settings["config"],
    local_executable=settings["destination"],
    install_if_missing=False,
)
destination.check()
destination.write(source, cache=False, write_strategy=settings["strategy"], force_full_refresh=True)
`,
  );
  const ended = await start(
    python.program("python"),
    [receiver.file("sync.py"), receiver.file("settings.json")],
    {
      cwd: receiver.project.directory,
      env: { ...process.env, AIRBYTE_OFFLINE_MODE: "1" },
    },
  );
  expect(ended.code, ended.err.slice(-3_000)).toBe(0);
}

test("a sync that merges, and two that replace", async () => {
  await sync(120, "merge");
  expect(await receiver.rows("users")).toHaveLength(120);

  await sync(80, "replace");
  await expect.poll(async () => (await receiver.rows("users")).length, { timeout: 30_000 }).toBe(80);

  // PyAirbyte says generation 1 each time.
  await sync(60, "replace");
  await expect.poll(async () => (await receiver.rows("users")).length, { timeout: 30_000 }).toBe(60);
});
