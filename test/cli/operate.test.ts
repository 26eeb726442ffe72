// @vitest-environment node
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkOptions, prepare, write } from "../../src/cli/init/run.js";
import { run, Running } from "./support/command.js";
import { DeployedProject } from "./support/deployed.js";
import { UserProject } from "./support/projects.js";

/** A project as init leaves it: its routes are under a path, and nowhere else. */
let deployed: DeployedProject;
let cwd: string;

beforeAll(async () => {
  const project = UserProject.fresh();
  const { project: read, steps } = await prepare(
    project.directory,
    checkOptions({ pathPrefix: "/airbyte", source: "public.customers" }),
  );
  write(read, steps);
  project.write("customers.csv", "id\n1\n2\n");
  project.write(
    "convex/past.ts",
    `import { internalMutationGeneric } from "convex/server";
export const wipe = internalMutationGeneric(async ({ db }) => {
  for (const { _id } of await db.query("customers").collect()) await db.delete(_id);
});
`,
  );
  deployed = await DeployedProject.start(project);
  cwd = project.directory;
});
afterAll(async () => {
  await deployed.close();
});

describe("a project whose routes are under a path", () => {
  test("push, verify and status find them", async () => {
    const env = { XDG_STATE_HOME: `${cwd}/state` };
    const pushed = await run(["push", "customers.csv", "-m", "customers"], { cwd, env });
    expect(pushed).toMatchObject({ code: 0 });
    expect((await run(["verify", "customers", "--file", "customers.csv"], { cwd, env })).code).toBe(0);
    const token = (await deployed.run("createToken", {
      name: "reader",
      mirrors: ["*"],
      access: "read",
    })) as string;
    const { siteUrl } = deployed.server;
    deployed.project.write(".env.local", `CONVEX_SITE_URL=${siteUrl}\nSTREAMING_IMPORT_TOKEN=${token}\n`);
    const { code, out } = await run(["status", "--json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      mirrors: [{ name: "customers", rows: 2 }],
      budget: { bytesPerSecond: 2 * 2 ** 20 },
    });
    expect(out).not.toContain(token);
    deployed.configure();
  });

  test("a path that the command line names is taken as it is", async () => {
    const { siteUrl } = deployed.server;
    const { code, err } = await run(
      ["verify", "customers", "--file", "customers.csv", "--site-url", siteUrl],
      { cwd },
    );
    expect(code).toBe(1);
    expect(err).toContain("404");
  });
});

test("where there is one mirror, push and token create need no name", async () => {
  const env = { XDG_STATE_HOME: `${cwd}/state` };
  const pushed = await run(["push", "customers.csv", "--json"], { cwd, env });
  expect(pushed).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(pushed.out)).toMatchObject({ mirror: "customers" });
  expect(await run(["token", "create", "only"], { cwd })).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^csi_[0-9a-f]{64}\n$/) as string,
    err: expect.stringContaining('the only mirror, "customers"') as string,
  });
  expect((await run(["token", "revoke", "only", "--yes"], { cwd })).code).toBe(0);
});

describe("drift", () => {
  test("is shown with the line to paste, and forgotten on request", async () => {
    expect((await run(["drift", "customers"], { cwd })).out).toContain("matches the schema");
    deployed.project.write("more.csv", "id,nickname\n1,Bo\n");
    const env = { XDG_STATE_HOME: `${cwd}/state` };
    expect((await run(["push", "more.csv", "-m", "customers", "--yes"], { cwd, env })).code).toBe(0);
    const { code, out } = await run(["drift", "customers"], { cwd });
    expect(code).toBe(0);
    expect(out).toMatch(/^nickname +not declared +string +1 /m);
    expect(out).toContain("nickname: v.optional(v.string()),");
    expect((await run(["drift", "customers", "--forget"], { cwd })).out).toContain("1 difference");
    expect((await run(["drift", "customers"], { cwd })).out).toContain("matches the schema");
  });

  test("is not suggested once it is declared, and does not hide rows in quarantine", async () => {
    const env = { XDG_STATE_HOME: `${cwd}/state` };
    deployed.project.write("aged.csv", "id,age\n1,41\n");
    expect((await run(["push", "aged.csv", "-m", "customers", "--yes"], { cwd, env })).code).toBe(0);
    expect((await run(["drift", "customers"], { cwd })).out).toMatch(
      /age: v\.optional\(v\.string\(\)\), \/\/ seen once, .*; from a CSV file, v\.number\(\) fits too/,
    );
    const schema = deployed.project.read("convex/schema.ts");
    try {
      deployed.project.write(
        "convex/schema.ts",
        schema.replace("{ id: v.int64() }", "{ id: v.int64(), age: v.optional(v.number()) }"),
      );
      await deployed.push();
      const settled = await run(["drift", "customers"], { cwd });
      expect(settled).toMatchObject({ code: 0, err: "" });
      expect(settled.out).toContain("matches the schema");
      deployed.project.write("aged.csv", "id,age\n1,old\n");
      expect((await run(["push", "aged.csv", "-m", "customers"], { cwd, env })).code).toBe(0);
      const { out } = await run(["drift", "customers"], { cwd });
      expect(out).not.toContain("matches the schema");
      expect(out).toContain("1 row waits in quarantine");
      expect((await run(["quarantine", "discard", "customers", "--yes"], { cwd })).code).toBe(0);
      expect((await run(["drift", "customers", "--forget"], { cwd })).code).toBe(0);
      deployed.project.write("plain.csv", "id\n1\n2\n");
      expect((await run(["push", "plain.csv", "-m", "customers", "--yes"], { cwd, env })).code).toBe(0);
    } finally {
      deployed.project.write("convex/schema.ts", schema);
      await deployed.push();
    }
  });
});

describe("rows that are deleted past the importer", () => {
  const env = { XDG_STATE_HOME: "" };
  beforeAll(() => {
    env.XDG_STATE_HOME = `${cwd}/state`;
  });

  test("are wrong until they are pushed again, and every command says so", async () => {
    await deployed.run("past:wipe");
    const audited = await run(["audit", "customers", "--repair"], { cwd });
    expect(audited).toMatchObject({ code: 3, err: "" });
    expect(audited.out).toMatch(
      /Not repaired yet\. 2 rows requested from the source\. .*push its file again.* Then audit again\.$/m,
    );
    const last = await run(["audit", "customers", "--last"], { cwd });
    expect(last).toMatchObject({ code: 3, err: "" });
    expect(last.out).toMatch(/^repaired: Not repaired yet\. 2 rows/);
    const status = await run(["status"], { cwd });
    expect(status.out).toMatch(/^customers +repair pending/m);
    expect(status.out).toMatch(/^customers: Rows that an audit found wrong .*push its file again/m);
    const doctor = await run(["doctor"], { cwd });
    expect(doctor.out).toContain("push <file> --mirror customers");

    expect((await run(["push", "customers.csv"], { cwd, env })).code).toBe(0);
    expect((await run(["status"], { cwd })).out).toMatch(/^customers +up to date/m);
    expect((await run(["audit", "customers"], { cwd })).code).toBe(0);
  });

  test("and then refreshed are right, but the digest is not: push, verify and audit say what to do", async () => {
    await deployed.run("past:wipe");
    const pushed = await run(["push", "customers.csv", "--mode", "refresh"], { cwd, env });
    expect(pushed.code).toBe(0);
    expect(pushed.out).toContain("streaming-import audit customers --repair");
    const verified = await run(["verify", "customers", "--file", "customers.csv"], { cwd, env });
    expect(verified.code).toBe(1);
    expect(verified.err).toContain("`streaming-import audit customers --repair`");
    expect((await run(["audit", "customers", "--repair"], { cwd })).code).toBe(3);
    expect((await run(["verify", "customers", "--file", "customers.csv"], { cwd, env })).code).toBe(0);
    expect((await run(["audit", "customers"], { cwd })).code).toBe(0);
    expect((await run(["push", "customers.csv"], { cwd, env })).code).toBe(0);
  });
});

test.each([
  ["status", []],
  ["drift", []],
  ["runs", []],
  ["pause", []],
  ["resume", []],
  ["sweep", ["--yes"]],
  ["clear", ["--yes"]],
  ["audit", []],
  ["reset-generation", []],
  ["quarantine list", []],
  ["quarantine replay", []],
  ["quarantine discard", ["--yes"]],
  ["verify", ["--file", "rows.csv"]],
  ["push rows.csv --mirror", []],
])("%s names the mirror that is meant", async (command, more) => {
  const { code, err } = await run([...command.split(" "), "custmers", ...more], { cwd });
  expect(code).toBe(1);
  expect(err).toContain('There is no mirror "custmers". Did you mean "customers"?');
});

test.each([
  ["status orders", []],
  ["runs orders", []],
  ["push customers.csv --mirror orders", []],
  ["verify orders --file customers.csv", []],
  ["token create t --mirror orders", []],
  ["push customers.csv --mirror orders", ["csi_token"]],
])("%s of a mirror that is declared and not deployed says to deploy %j", async (command, [token]) => {
  const schema = deployed.project.read("convex/schema.ts");
  const site = `${deployed.server.siteUrl}/airbyte`;
  try {
    deployed.project.write(
      "convex/schema.ts",
      schema.replace(
        "customers: mirrorTable",
        'orders: mirrorTable({ id: v.int64() }, { primaryKey: ["id"] }),\n  customers: mirrorTable',
      ),
    );
    const given =
      token === undefined
        ? {}
        : {
            STREAMING_IMPORT_TOKEN: (await deployed.run("createToken", {
              name: "other",
              mirrors: ["customers"],
            })) as string,
          };
    const { code, err } = await run(command.split(" "), { cwd, env: { ...given, CONVEX_SITE_URL: site } });
    expect(code).toBe(1);
    expect(err).toContain(
      "convex/schema.ts declares it, but it is not deployed: run npx convex dev, or npx convex deploy.",
    );
  } finally {
    deployed.project.write("convex/schema.ts", schema);
  }
});

test("reset-generation says whose count begins again, for `runs` goes on counting", async () => {
  const { code, out } = await run(["reset-generation", "customers"], { cwd });
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringContaining("may number its next refresh from 1") as string,
  });
  expect(out).not.toContain("generation 0");
  expect(JSON.parse((await run(["reset-generation", "customers", "--json"], { cwd })).out)).toEqual({
    mirror: "customers",
    reset: true,
  });
});

describe("status --watch", () => {
  test.each([[[]], [["--json"]]])("%j prints again and again, and ends with 130 on SIGINT", async (more) => {
    const running = new Running(["status", "--watch", ...more], { cwd });
    const isJson = more.length > 0;
    const rounds = () =>
      running.out.match(isJson ? /^\{"mirrors".*\}$/gm : /^customers .* 2 /gm)?.length ?? 0;
    const until = Date.now() + 60_000;
    while (rounds() < 2 && Date.now() < until) await sleep(50);
    running.child.kill("SIGINT");
    const { code, err } = await running.ended;
    expect({ code, err }).toEqual({ code: 130, err: "" });
    expect(rounds()).toBeGreaterThanOrEqual(2);
    // No terminal: nothing that moves a cursor.
    expect(running.out).not.toContain("\u001B[");
  });
});

describe("a deployment that only the Convex CLI knows", () => {
  // As `npx convex dev` leaves it for a project without an account: a name, and the key in the CLI's own state.
  const env = { CONVEX_AGENT_MODE: "anonymous" };

  beforeAll(() => {
    const { url, siteUrl, adminKey } = deployed.server;
    const ports = { cloud: Number(new URL(url).port), site: Number(new URL(siteUrl).port) };
    deployed.project.write(
      ".convex/local/default/config.json",
      JSON.stringify({ ports, backendVersion: "local", adminKey, deploymentName: "anonymous-local-convex" }),
    );
    deployed.project.write(
      ".env.local",
      `CONVEX_DEPLOYMENT=anonymous:anonymous-local-convex\nCONVEX_URL=${url}\nCONVEX_SITE_URL=${siteUrl}\n`,
    );
  });

  test("commands call it through the CLI, unmodified", async () => {
    const shown = await run(["status", "--json"], { cwd, env });
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(shown.out)).toMatchObject({ mirrors: [{ name: "customers", rows: 2 }] });
    expect((await run(["pause", "customers", "--reason", 'a "quoted" reason'], { cwd, env })).code).toBe(0);
    expect((await run(["status"], { cwd, env })).out).toContain('a "quoted" reason');
    expect((await run(["resume", "customers"], { cwd, env })).code).toBe(0);
    expect(await run(["token", "create", "cli", "--mirror", "customers"], { cwd, env })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^csi_[0-9a-f]{64}\n$/) as string,
    });
  });

  test("push makes a token through it, and gives it back", async () => {
    const state = { ...env, XDG_STATE_HOME: `${cwd}/state2` };
    expect((await run(["push", "customers.csv", "-m", "customers"], { cwd, env: state })).code).toBe(0);
    const { out } = await run(["token", "list", "--json"], { cwd, env });
    const tokens = JSON.parse(out) as { name: string; endReason: string | null }[];
    const borrowed = tokens.filter(({ name }) => name.startsWith("cli-"));
    expect(borrowed.length).toBeGreaterThan(0);
    expect(borrowed.every(({ endReason }) => endReason === "revoked")).toBe(true);
  });

  test("what the CLI says of a mistake is passed on", async () => {
    const { code, err } = await run(["pause", "nothing"], { cwd, env });
    expect(code).toBe(1);
    expect(err).toContain("nothing");
    expect(
      (await run(["quarantine", "replay", "orders", "--module", "nowhere"], { cwd, env })).err,
    ).toContain("nowhere");
  });
});
