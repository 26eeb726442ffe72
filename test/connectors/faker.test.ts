import os from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PythonEnvironment } from "./python.js";
import { configured, discover, messages, Receiver, type DiscoveredStream } from "./support.js";

/** `airbyte-source-faker`, piped into `airbyte write`. */

const COUNT = 300;
const CONFIG = { count: COUNT, seed: 7, parallelism: 1 };

let source: string;
let streams: DiscoveredStream[];
let receiver: Receiver;

beforeAll(async () => {
  source = (await PythonEnvironment.of("airbyte-source-faker==7.2.1")).program("source-faker");
  streams = await discover(source, CONFIG, os.tmpdir());
  receiver = await Receiver.start(streams);
});

afterAll(async () => {
  await receiver.close();
});

test("its rows arrive in the mirrors that generate declares, and its states come back", async () => {
  const { code, out } = await receiver.sync(source, CONFIG, configured(streams, "append_dedup"));

  expect({ code, failures: messages(out, "TRACE") }).toEqual({ code: 0, failures: [] });
  const states = messages(out, "STATE") as { state: { destinationStats: { recordCount: number } } }[];
  const counted = states.reduce((sum, { state }) => sum + state.destinationStats.recordCount, 0);
  const stored = await Promise.all(streams.map(async ({ name }) => (await receiver.rows(name)).length));
  expect(stored.reduce((a, b) => a + b)).toBe(counted);
  expect(await receiver.rows("users")).toHaveLength(COUNT);
  expect(await receiver.rows("products")).toHaveLength(100);
});
