// @vitest-environment node
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Project } from "../e2e/project.js";
import { record, state, status, stream } from "./support/airbyte.js";
import { run } from "./support/command.js";

/**
 * The command against an app with the real importer, on the stand-in for a deployment. Tests follow each other: what one
 * brings, the next one finds.
 */
let project: Project;
let env: Record<string, string>;

beforeAll(async () => {
  project = await Project.start("test/cli/programs/shop");
  await project.push();
  const { url, siteUrl, adminKey } = project.server;
  await writeFile(
    path.join(project.directory, ".env.local"),
    `CONVEX_SELF_HOSTED_URL=${url}\nCONVEX_SELF_HOSTED_ADMIN_KEY='${adminKey}'\nCONVEX_SITE_URL=${siteUrl}\n`,
  );
  env = { XDG_STATE_HOME: path.join(project.directory, "state") };
});
afterAll(async () => {
  await project.close();
});

async function cli(...args: string[]) {
  return await run(args, { cwd: project.directory, env });
}

async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, out, err } = await cli(...args, "--json");
  expect(err).toBe("");
  expect([0, 3]).toContain(code);
  return JSON.parse(out) as T;
}

async function file(name: string, content: string): Promise<string> {
  await writeFile(path.join(project.directory, name), content);
  return name;
}

const CSV = 'id,name,balance,active\n1,Ada,1.5,t\n2,"",,f\n9007199254740993,,7,\n';

describe("a project with .env.local", () => {
  test("push brings a file, with a token that is gone afterwards", async () => {
    const name = await file("users.csv", CSV);
    const pushed = await json("push", name, "-m", "users");
    expect(pushed).toMatchObject({
      finished: true,
      rows: 3,
      counts: { received: 3, inserted: 3, quarantined: 0 },
    });

    const again = await json("push", name, "-m", "users");
    expect(again).toMatchObject({ counts: { received: 3, unchanged: 3 } });
    const tokens = await json<{ endReason: string | null }[]>("token", "list");
    expect(tokens.map(({ endReason }) => endReason)).toEqual(["revoked", "revoked"]);
  });

  test("status and runs tell of it", async () => {
    const { mirrors, budget } = await json<{
      mirrors: Record<string, unknown>[];
      budget: { bytesPerSecond: number; usedShare: number };
    }>("status");
    expect(budget.bytesPerSecond).toBe(2 * 2 ** 20);
    expect(budget.usedShare).toBeGreaterThanOrEqual(0);
    expect(mirrors.find(({ name }) => name === "users")).toMatchObject({
      state: "upToDate",
      rows: 3,
      quarantined: 0,
    });
    const { out } = await cli("status", "users");
    expect(out).toMatch(/^users +up to date +3 /m);
    expect(out).not.toContain("events");
    expect(out).toMatch(/write budget: \d+% of 2\.0 MiB\/s in use/);
    const runs = await json<{ state: string }[]>("runs", "users");
    expect(runs.map((each) => each.state)).toEqual(["complete", "complete"]);
    expect((await cli("runs", "users")).out).toContain("received =");
  });

  test("verify proves that the mirror equals the file, and names what differs", async () => {
    const equal = await cli("verify", "users", "--file", "users.csv");
    expect(equal).toMatchObject({ code: 0, err: "" });
    expect(equal.out).toContain("Equal");
    // It compares what the import has applied, and says so.
    expect(equal.out).toContain("`streaming-import audit users` finds them");

    const other = [
      '{"id":1,"name":"Ada","balance":1.5,"active":true}',
      '{"id":2,"name":"Grace","active":false}',
      '{"id":3,"name":null}',
    ];
    const differs = await cli(
      "verify",
      "users",
      "--file",
      await file("other.jsonl", other.join("\n")),
      "--json",
    );
    expect(differs.code).toBe(3);
    const {
      differences,
      equal: isEqual,
      all,
    } = JSON.parse(differs.out) as {
      differences: { kind: string; key: string }[];
      equal: boolean;
      all: boolean;
    };
    expect([isEqual, all]).toEqual([false, true]);
    expect(differences.map(({ kind }) => kind).sort()).toEqual([
      "differs",
      "only in the file",
      "only in the mirror",
    ]);
    for (const { key } of differences) expect(key).toContain("$integer");
  });

  test("verify takes a digest, too", async () => {
    const client = await fetch(`${project.server.siteUrl}/v1/digest?mirror=users`, {
      headers: { Authorization: `Convex ${await project.createToken("digest")}` },
    });
    const digest = await client.text();
    expect((await cli("verify", "users", "--digest", await file("digest.json", digest))).code).toBe(0);
    const empty = { buckets: Array.from({ length: 64 }, () => [0, "0000000000000000"]) };
    expect(
      (await cli("verify", "users", "--digest", await file("empty.json", JSON.stringify(empty)))).code,
    ).toBe(3);
  });

  test("a row that does not fit waits in quarantine, is shown, replayed and discarded", async () => {
    const pushed = await json(
      "push",
      await file("bad.jsonl", '{"id":4,"name":"x","balance":"a lot"}'),
      "-m",
      "users",
      "--yes",
    );
    expect(pushed).toMatchObject({ counts: { received: 1, quarantined: 1 } });
    const [entry] = await json<{ id: string; message: string }[]>("quarantine", "list", "users");
    expect(entry!.message).toContain("balance");
    // The end of the message is what to do.
    expect(entry!.message.length).toBeGreaterThan(100);
    const listed = await cli("quarantine", "list", "users");
    expect(listed.out).toContain(entry!.id);
    expect(listed.out).toContain(entry!.message);
    expect((await cli("quarantine", "show", "users", entry!.id)).out).toContain("a lot");
    // It still does not fit: for a script, that is not what was asked for.
    const replayed = await cli("quarantine", "replay", "users");
    expect([replayed.code, replayed.out]).toEqual([3, expect.stringContaining("1 change must wait")]);
    expect((await cli("quarantine", "discard", "users")).code).toBe(2);
    const unknown = await cli("quarantine", "discard", "users", "nope");
    expect([unknown.code, unknown.err]).toEqual([
      1,
      'Nothing of "users" with the id nope waits in quarantine.\n',
    ]);
    expect((await cli("quarantine", "discard", "users", "--yes")).out).toContain("1 change discarded.");
    expect(await json("quarantine", "list", "users")).toEqual([]);
    expect((await cli("quarantine", "replay", "users")).code).toBe(0);
  });

  test("audit finds nothing where nothing was written past the importer", async () => {
    expect(await json("audit", "users")).toMatchObject({ state: "equal", rows: 3 });
  });

  test("a refresh of a mirror without a key", async () => {
    const name = await file(
      "events.json",
      JSON.stringify([
        { kind: "a", at: 1 },
        { kind: "b", at: 2 },
      ]),
    );
    expect((await cli("push", name, "-m", "events")).code).toBe(2);
    expect(await json("push", name, "-m", "events", "--mode", "refresh")).toMatchObject({
      counts: { inserted: 2 },
    });
    expect((await cli("verify", "events", "--file", name)).code).toBe(0);
  });

  test("pause and resume", async () => {
    expect((await cli("pause", "events", "--reason", "moving house")).code).toBe(0);
    expect((await cli("status", "events")).out).toContain("moving house");
    expect((await cli("resume", "events")).code).toBe(0);
    expect((await cli("pause", "nothing")).code).toBe(1);
  });

  test("a refresh that deletes too much is held, until somebody agrees", async () => {
    const csv = (count: number) =>
      `id,name\n${Array.from({ length: count }, (_, i) => `${String(i)},n\n`).join("")}`;
    const push = async (content: string, ...args: string[]) =>
      cli("push", await file("refresh.csv", content), "-m", "users", "--mode", "refresh", "--yes", ...args);
    const rows = async () => {
      const { mirrors } = await json<{ mirrors: { name: string; rows: number }[] }>("status");
      return mirrors.find(({ name }) => name === "users")!.rows;
    };
    expect((await push(csv(120))).code).toBe(0);
    const held = await push(csv(10));
    expect(held).toMatchObject({ code: 5, out: expect.stringContaining("only 10 of 120 rows") as string });
    expect(held.out).toContain("streaming-import sweep users");
    expect((await cli("status", "users")).out).toMatch(/sweep held[^]*only 10 of 120 rows/);
    expect((await cli("sweep", "users")).code).toBe(2);
    expect(await rows()).toBe(120);
    expect((await cli("sweep", "users", "--yes")).code).toBe(0);
    await expect.poll(rows).toBe(10);
    expect(await cli("sweep", "users", "--yes")).toMatchObject({
      code: 1,
      err: expect.stringContaining("No sweep") as string,
    });

    expect((await push(csv(120))).code).toBe(0);
    expect((await push(csv(10), "--allow-shrink")).code).toBe(0);
    await expect.poll(rows).toBe(10);
    // A key that cannot be read, in a file of few rows.
    const unreadable = await push("id,name\none,n\n2,n\n");
    expect(unreadable).toMatchObject({ code: 5, out: expect.stringContaining("cannot be read") as string });
    expect(await rows()).toBe(10);
    expect((await cli("quarantine", "discard", "users", "--yes")).code).toBe(0);
    await expect.poll(rows).toBe(1);
  });

  test("tokens are created, rotated and revoked; only a new one is printed", async () => {
    const { code, out } = await cli("token", "create", "airbyte", "--mirror", "users");
    expect(code).toBe(0);
    expect(out).toMatch(/^csi_[0-9a-f]{64}\n$/);
    const rotated = await cli("token", "rotate", "airbyte", "--overlap-hours", "1");
    expect(rotated.out).not.toBe(out);
    const listed = await cli("token", "list");
    expect(listed.out).toContain(out.slice(0, 10));
    expect(listed.out + listed.err).not.toContain(out.trim());
    expect((await cli("token", "create", "airbyte", "--mirror", "users")).code).toBe(1);
    expect(await cli("token", "create", "t", "--mirror", "user")).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no mirror "user". Did you mean "users"?') as string,
    });
    expect(await cli("token", "create", "t")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Which mirror\? Add --mirror with one of: .*users/) as string,
    });
    expect((await cli("token", "create", "t", "--access", "export")).err).toContain(
      "--mirror with each table",
    );
    expect((await cli("token", "revoke", "airbyte")).code).toBe(2);
    expect((await cli("token", "revoke", "airbyte", "--yes")).code).toBe(0);
    expect((await cli("token", "revoke", "airbyte", "--yes")).code).toBe(1);
  });

  test("a module that is not there is named", async () => {
    const { code, err } = await cli("token", "create", "t", "--mirror", "users", "--module", "nowhere");
    expect(code).toBe(1);
    expect(err).toContain("nowhere");
  });

  test("a component that is not there is named, with the option that names another", async () => {
    const { code, err } = await cli("status", "--component", "elsewhere");
    expect(code).toBe(1);
    expect(err).toContain('component "elsewhere"');
    expect(err).toContain("--component");
  });
});

describe("airbyte", () => {
  const streams = (generation: number, minimum: number) => [
    stream("users", { generation, minimum }),
    stream("events", { mode: "append", generation: 1, minimum: 0 }),
  ];
  const messages = (...all: unknown[]) => all.map((message) => `${JSON.stringify(message)}\n`).join("");

  async function write(catalog: unknown[], input: string) {
    const token = await project.createToken(`airbyte ${String(Math.random())}`);
    await file("config.json", JSON.stringify({ deployment_url: project.server.siteUrl, access_key: token }));
    await file("catalog.json", JSON.stringify({ streams: catalog }));
    const args = ["--config", "config.json", "--catalog", "catalog.json"];
    return await run(["airbyte", "write", ...args], { cwd: project.directory, env, input });
  }

  test("check succeeds, and leaves no run behind", async () => {
    const before = await json<unknown[]>("runs", "users");
    await write(streams(8, 0), messages(status("users", "COMPLETE"), status("events", "COMPLETE")));
    const { out } = await cli("airbyte", "check", "--config", "config.json", "--catalog", "catalog.json");
    expect(out).toContain("SUCCEEDED");
    expect(await json<unknown[]>("runs", "users")).toHaveLength(before.length + 1);
  });

  test("a refresh brings its rows, removes the others when it is complete, and gives the states back", async () => {
    const { code, out } = await write(
      streams(9, 9),
      messages(
        record("users", { id: 1, name: "Ada" }),
        record("users", { id: 5, name: "Margaret", _ab_cdc_lsn: 3 }),
        state("users", 1),
        record("events", { kind: "c", at: 3 }),
        status("users", "COMPLETE"),
        status("events", "COMPLETE"),
      ),
    );
    expect(out).toContain('"destinationStats":{"recordCount":2.0}');
    expect(code).toBe(0);
    await expect.poll(async () => (await rows("users")).map(({ id }) => id)).toEqual([1n, 5n]);
    expect(await rows("events")).toHaveLength(3);
  });

  test("a refresh that was not completed removes nothing; the same generation goes on with it", async () => {
    const first = await write(
      streams(10, 10),
      messages(record("users", { id: 1, name: "A" }), state("users", 1), status("users", "INCOMPLETE")),
    );
    expect(first.code).toBe(1);
    expect((await rows("users")).map(({ id }) => id)).toEqual([1n, 5n]);

    const second = await write(
      streams(10, 10),
      messages(
        record("users", { id: 7, name: "B" }),
        status("users", "COMPLETE"),
        status("events", "COMPLETE"),
      ),
    );
    expect(second.code).toBe(0);
    await expect.poll(async () => (await rows("users")).map(({ id }) => id)).toEqual([1n, 7n]);
  });

  test("deletions of change data capture", async () => {
    const deleted = { id: 7, name: null, _ab_cdc_deleted_at: "2026-01-01T00:00:00Z" };
    const { code } = await write(
      streams(10, 0),
      messages(record("users", deleted), status("users", "COMPLETE"), status("events", "COMPLETE")),
    );
    expect(code).toBe(0);
    expect((await rows("users")).map(({ id }) => id)).toEqual([1n]);
  });
});

/** The rows of a mirror, by the CLI of Convex. */
async function rows(table: string): Promise<{ id: bigint }[]> {
  const client = new ConvexHttpClient(project.server.url, { skipConvexDeploymentUrlCheck: true });
  const { makeFunctionReference } = await import("convex/server");
  return (await client.query(makeFunctionReference<"query">("rows:all"), { table })) as { id: bigint }[];
}
