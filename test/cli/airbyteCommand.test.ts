// @vitest-environment node
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { record, state, status, stream } from "./support/airbyte.js";
import { run, Running } from "./support/command.js";
import { mirror, Sink } from "./support/sink.js";

let sink: Sink;
let directory: string;

beforeEach(async () => {
  sink = await Sink.start([mirror("users"), mirror("orders")]);
  directory = await mkdtemp(path.join(os.tmpdir(), "streaming-import-cli-"));
  await file("config.json", { deployment_url: `${sink.url}/`, access_key: sink.token });
  await file("catalog.json", { streams: [stream("users")] });
});
afterEach(async () => {
  await sink.close();
  await rm(directory, { recursive: true });
});

async function file(name: string, content: unknown): Promise<void> {
  await writeFile(path.join(directory, name), JSON.stringify(content));
}

const lines = (...messages: unknown[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join("");
const read = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map(
      (line) => JSON.parse(line) as { type: string; connectionStatus: { status: string; message?: string } },
    );
const files = ["--config", "config.json", "--catalog", "catalog.json"];

test("spec prints the form, with the token marked as a secret, and nothing else", async () => {
  const { code, out, err } = await run(["airbyte", "spec", "--debug"]);
  expect([code, err]).toEqual([0, ""]);
  const [message, ...more] = read(out);
  expect(more).toEqual([]);
  expect(message).toMatchObject({
    type: "SPEC",
    spec: {
      supported_destination_sync_modes: ["append", "append_dedup", "overwrite"],
      connectionSpecification: {
        required: ["deployment_url", "access_key"],
        properties: { access_key: { airbyte_secret: true } },
      },
    },
  });
});

describe("check", () => {
  async function check(...args: string[]) {
    const { code, out } = await run(["airbyte", "check", "--config", "config.json", ...args], {
      cwd: directory,
    });
    expect(code).toBe(0);
    return (read(out)[0] as unknown as { connectionStatus: { status: string; message?: string } })
      .connectionStatus;
  }

  test("succeeds without leaving a trace", async () => {
    expect(await check("--catalog", "catalog.json")).toEqual({ status: "SUCCEEDED" });
    expect(sink.runs).toEqual([]);
  });

  test("fails for a wrong token", async () => {
    sink.token = "csi_another";
    expect(await check()).toMatchObject({
      status: "FAILED",
      message: expect.stringContaining("BadAdminKey") as string,
    });
  });

  test("fails for a token that may only read", async () => {
    sink.readOnly = true;
    expect(await check()).toMatchObject({
      status: "FAILED",
      message: expect.stringContaining("may not write") as string,
    });
  });

  test("names every stream that has no mirror", async () => {
    await file("catalog.json", { streams: [stream("users"), stream("invoices"), stream("bills")] });
    const { status: outcome, message } = await check("--catalog", "catalog.json");
    expect(outcome).toBe("FAILED");
    expect(message).toContain('"public.invoices"');
    expect(message).toContain('"public.bills"');
    expect(message).not.toContain('"public.users"');
  });

  test("fails soon where nothing answers", async () => {
    await file("config.json", { deployment_url: "http://127.0.0.1:9", access_key: "csi_x" });
    expect(await check()).toMatchObject({
      status: "FAILED",
      message: expect.stringContaining("No answer") as string,
    });
  });
});

/** Airbyte's protocol wants the reason on stdout; the exit code is the one of the table in docs/cli.md. */
describe.each(["check", "write"])("%s with a file that", (command) => {
  const failed = async (config: string, catalog: string) => {
    const args = ["airbyte", command, "--config", config, "--catalog", catalog];
    const { code, out, err } = await run(args, { cwd: directory });
    const [message, ...more] = read(out) as unknown as {
      trace: { type: string; error: { message: string; failure_type: string } };
    }[];
    expect(more).toEqual([]);
    expect(message!.trace).toMatchObject({ type: "ERROR", error: { failure_type: "config_error" } });
    expect(err).toBe(`${message!.trace.error.message}\n`);
    expect(sink.runs).toEqual([]);
    return { code, err };
  };

  test("is not there exits with 2, and names the one that may be meant", async () => {
    const { code, err } = await failed("confg.json", "catalog.json");
    expect(code).toBe(2);
    expect(err).toContain('Did you mean "config.json"?');
    expect((await failed("config.json", "catalog")).code).toBe(2);
    expect((await failed(".", "catalog.json")).code).toBe(2);
  });

  test("cannot be read exits with 1", async () => {
    await symlink("loop.json", path.join(directory, "loop.json"));
    const { code, err } = await failed("loop.json", "catalog.json");
    expect(code).toBe(1);
    expect(err).toContain("Check its permissions");
  });
});

describe("write", () => {
  test("takes messages from stdin and gives states on stdout, protocol messages only", async () => {
    const input = lines(record("users", { id: 1 }), state("users", 1), status("users", "COMPLETE"));
    const { code, out, err } = await run(["airbyte", "write", ...files], { cwd: directory, input });
    expect([code, err]).toEqual([0, ""]);
    expect(read(out).map(({ type }) => type)).toContain("STATE");
    expect(sink.rows("users")).toEqual([{ id: 1 }]);
    expect(out).not.toContain(sink.token);
  });

  test("ends with 143 on SIGTERM, without a state that is not acknowledged", async () => {
    const held = new Promise<undefined>(() => undefined);
    sink.before = ({ path: at, body }) =>
      at === "/v1/deliveries" && body.includes('"id":2') ? held : undefined;
    const running = new Running(["airbyte", "write", ...files], { cwd: directory });
    running.child.stdin.write(lines(record("users", { id: 1 }), state("users", 1)));
    await expect.poll(() => running.out).toContain('"STATE"');
    running.child.stdin.write(lines(record("users", { id: 2 }), state("users", 2)));
    await expect.poll(() => sink.requests.filter(({ path: at }) => at === "/v1/deliveries").length).toBe(2);
    running.child.kill("SIGTERM");

    const { code, out } = await running.ended;
    expect(code).toBe(143);
    expect(read(out).filter(({ type }) => type === "STATE")).toHaveLength(1);
    expect(sink.runs[0]!.outcome).toBe("incomplete");
  });

  test("fails with a TRACE ERROR in front of the exit code", async () => {
    sink.token = "csi_another";
    const { code, out } = await run(["airbyte", "write", ...files], { cwd: directory });
    expect(code).toBe(1);
    expect(read(out).at(-1)).toMatchObject({
      type: "TRACE",
      trace: { type: "ERROR", error: { failure_type: "config_error" } },
    });
  });

  test("takes ten thousand rows in little memory", async () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => record("users", { id, text: "x".repeat(200) }));
    const input = lines(...rows, status("users", "COMPLETE"));
    const { code } = await run(["airbyte", "write", ...files], { cwd: directory, input });
    expect(code).toBe(0);
    expect(sink.applied).toBe(10_000);
    expect(Math.max(...sink.deliveries.map(({ size }) => size))).toBeLessThanOrEqual(2_000);
  });
});

test.each([
  [["nonsense"], 2],
  [["airbyte", "write"], 2],
  [["--help"], 0],
  [["airbyte", "write", "--help"], 0],
  [["--version"], 0],
])("%j ends with %i", async (args, code) => {
  const ended = await run(args);
  expect(ended.code).toBe(code);
  if (args.includes("--help")) expect(ended.out).toContain("Usage: streaming-import");
});
