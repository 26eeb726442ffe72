import { writeFile } from "node:fs/promises";
import os from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PythonEnvironment } from "./python.js";
import { configured, discover, messages, Receiver, start, type DiscoveredStream } from "./support.js";

/** What our destination prints, read by Airbyte's own models of the protocol; `airbyte-source-hardcoded-records`. */

const CONFIG = { count: 20 };

let models: PythonEnvironment;
let source: string;
let streams: DiscoveredStream[];
let receiver: Receiver;

beforeAll(async () => {
  models = await PythonEnvironment.of("airbyte-protocol-models==0.18.0");
  const python = await PythonEnvironment.of("airbyte-source-hardcoded-records==0.0.37");
  source = python.program("source-hardcoded-records");
  // They have an id each, of which the source does not say that it is the key.
  const found = await discover(source, CONFIG, os.tmpdir());
  streams = found
    .filter(({ json_schema }) => "id" in (json_schema as { properties: object }).properties)
    .map((stream) => ({ ...stream, source_defined_primary_key: [["id"]] }));
  receiver = await Receiver.start(streams);
});

afterAll(async () => {
  await receiver.close();
});

/** Has the models read every line. Fails with the line that they refuse, or of which they know a part only. */
async function parse(out: string): Promise<void> {
  await writeFile(receiver.file("lines.jsonl"), out);
  await writeFile(
    receiver.file("parse.py"),
    `import json, sys
from airbyte_protocol.models import AirbyteMessage
for line in open(sys.argv[1]):
    message = AirbyteMessage.parse_obj(json.loads(line))
    assert message.type is not None, line
    if message.trace and message.trace.error and message.trace.error.stream_descriptor:
        assert set(json.loads(line)["trace"]["error"]["stream_descriptor"]) <= {"name", "namespace"}, line
`,
  );
  const ended = await start(models.program("python"), [
    receiver.file("parse.py"),
    receiver.file("lines.jsonl"),
  ]);
  expect(ended).toMatchObject({ code: 0 });
}

async function destination(...args: string[]) {
  const { out } = await start(await receiver.executable(), args);
  expect(out).not.toBe("");
  return out;
}

test("spec and check are messages of the protocol", async () => {
  await parse(await destination("spec"));
  const catalog = receiver.file("catalog.json");
  await writeFile(catalog, JSON.stringify(configured(streams, "append_dedup")));
  const checked = await destination("check", "--config", receiver.config, "--catalog", catalog);
  expect(messages(checked, "CONNECTION_STATUS")).toMatchObject([
    { connectionStatus: { status: "SUCCEEDED" } },
  ]);
  await parse(checked);
  await writeFile(receiver.file("wrong.json"), "{}");
  await parse(await destination("check", "--config", receiver.file("wrong.json")));
});

test("its records arrive as they are, again and again; what write prints is of the protocol", async () => {
  for (const generation of [1, 2]) {
    const { code, out } = await receiver.sync(source, CONFIG, configured(streams, "overwrite", generation));
    expect({ code, failures: messages(out, "TRACE") }).toEqual({ code: 0, failures: [] });
    await parse(out);
    for (const stream of streams) {
      const stored = await receiver.rows(stream.name);
      expect({ stream: stream.name, isEmpty: stored.length === 0 }).toEqual({
        stream: stream.name,
        isEmpty: false,
      });
    }
  }
});

test("a failure is of the protocol, with the stream's name alone", async () => {
  const catalog = configured(streams, "append_dedup");
  catalog.streams[0]!.stream.name = "nobody";
  await writeFile(receiver.file("catalog.json"), JSON.stringify(catalog));
  const out = await destination(
    "write",
    "--config",
    receiver.config,
    "--catalog",
    receiver.file("catalog.json"),
  );
  expect(messages(out, "TRACE")).toHaveLength(1);
  await parse(out);
});
