// @vitest-environment node
/**
 * Senders and the server are killed at random steps of deliveries and refreshes, on a server where transactions run at
 * the same time. `KILLS=60 npx vitest run test/cli/kills.test.ts` kills more often; `SEED=…` repeats a random draw, as
 * far as the machine's clock allows.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countsOf } from "../../src/core/wire/counts.js";
import { Project } from "../e2e/project.js";
import { Dice } from "../fuzz/requests.js";
import { record, status, stream } from "./support/airbyte.js";
import { run, Running } from "./support/command.js";

const KILLS = Number(process.env.KILLS ?? 6);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.log(`test/cli/kills: SEED=${String(SEED)}, ${String(KILLS)} kills`);

/** Mutations that commit before a kill, at most: more than a push has. */
const STEPS = 14;

/** One sync in five is not killed at all, so this many are enough. */
const SYNCS = KILLS * 4;

interface Row {
  [field: string]: string | number;
}
/** What is sent: a file to push, or messages for `airbyte write`. */
interface Sync {
  mirror: "users" | "events";
  args: string[];
  input: string;
  /** What has to be on disk before a try, the first of which is 0. */
  files: (tries: number) => Record<string, string>;
}

let project: Project;
let env: Record<string, string>;

beforeAll(async () => {
  project = await Project.start("test/cli/programs/shop");
  await project.push();
  const { url, siteUrl, adminKey } = project.server;
  const variables = {
    CONVEX_SELF_HOSTED_URL: url,
    CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey,
    CONVEX_SITE_URL: siteUrl,
  };
  await write(
    ".env.local",
    Object.entries(variables)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(""),
  );
  const config = { deployment_url: siteUrl, access_key: await project.createToken("airbyte") };
  await write("config.json", JSON.stringify(config));
  env = { XDG_STATE_HOME: path.join(project.directory, "state") };
});
afterAll(async () => {
  await project.close();
});

async function write(name: string, content: string): Promise<void> {
  await writeFile(path.join(project.directory, name), content);
}

/** Calls the server's API, again if a crash has cut the connection. */
async function ask(url: string, body?: object): Promise<string> {
  const request = {
    headers: { Authorization: `Convex ${project.server.adminKey}` },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  };
  for (let tries = 1; ; tries++) {
    try {
      return await (await fetch(url, request)).text();
    } catch (error) {
      if (tries === 5) throw error;
      await sleep(20);
    }
  }
}
async function component(name: string, args: object): Promise<unknown> {
  const body = { path: name, args, componentPath: "streamingImport" };
  const { value, errorMessage } = JSON.parse(await ask(`${project.server.url}/api/function`, body)) as {
    value?: unknown;
    errorMessage?: string;
  };
  expect(errorMessage, name).toBeUndefined();
  return value;
}
async function ledger<T>(table: string): Promise<T[]> {
  const paginationOpts = { numItems: 1e6, cursor: null };
  const { page } = (await component("_system/cli/tableData", { table, order: "asc", paginationOpts })) as {
    page: T[];
  };
  return page;
}

/** How many mutations have committed. */
async function commits(): Promise<number> {
  const counted = (await ask(`${project.server.siteUrl}/metrics`)).matchAll(/^commits\{.*\} (\d+)$/gm);
  return [...counted].reduce((sum, [, times]) => sum + Number(times), 0);
}

/** Rows in which a text says which sync has brought them. */
function rowsOf(dice: Dice, mirror: Sync["mirror"], number: number): Row[] {
  const ids = Array.from({ length: 2_600 }, (_, id) => id).filter(() => dice.often(0.7));
  return mirror === "users"
    ? ids.map((id) => ({ id, name: dice.often(0.5) ? `sync ${String(number)}` : "always" }))
    : ids.map((id) => ({ kind: "event", at: id % 900 }));
}

async function prepare(dice: Dice, mirror: Sync["mirror"], refresh: boolean, rows: Row[]): Promise<Sync> {
  if (dice.often(0.6)) {
    const name = `${mirror}.jsonl`;
    const mode = refresh ? ["--mode", "refresh", "--allow-shrink"] : [];
    const files = { [name]: rows.map((row) => `${JSON.stringify(row)}\n`).join("") };
    return { mirror, args: ["push", name, "-m", mirror, "--yes", ...mode], input: "", files: () => files };
  }
  const mirrors = await ledger<{ name: string; generation: number; counted?: { number: number } }>("mirrors");
  const { generation, counted } = mirrors.find(({ name }) => name === mirror)!;
  // A try that is killed before its run begins has used a number that the mirror's count does not have.
  const used = Math.max(generation, counted?.number ?? 0);
  // Without a key, a sender that starts over names a new generation.
  const catalog = (tries: number) => {
    const next = used + 1 + (mirror === "events" ? tries : 0);
    const mode = mirror === "users" ? "append_dedup" : "append";
    const numbers = refresh ? { generation: next, minimum: next } : { generation: 1, minimum: 0 };
    return JSON.stringify({ streams: [stream(mirror, { ...numbers, mode })] });
  };
  const messages = [...rows.map((row) => record(mirror, row)), status(mirror, "COMPLETE")];
  return {
    mirror,
    args: ["airbyte", "write", "--config", "config.json", "--catalog", "catalog.json"],
    input: messages.map((message) => `${JSON.stringify(message)}\n`).join(""),
    files: (tries) => ({ "catalog.json": catalog(tries) }),
  };
}

/** Kills the sender or the server after so many commits, unless the sender ends before. Returns what was killed. */
async function kill(running: Running, dice: Dice): Promise<"sender" | "server" | null> {
  const victim = dice.oneOf(["sender", "server"] as const);
  const at = (await commits()) + dice.below(STEPS);
  const { child } = running;
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  while (!hasEnded() && (await commits()) < at) await sleep(1);
  await sleep(dice.below(30));
  if (hasEnded()) return null;
  if (victim === "sender") child.kill("SIGKILL");
  else project.server.crash();
  return victim;
}

/** Lets jobs run to their end. A sweep that has died is started again by its watchdog, which is not waited for here. */
async function settle(mirror: string): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    const jobs = await ledger<{
      name: string;
      args: unknown[];
      state: { kind: string };
      scheduledTime: number;
    }>("_scheduled_functions");
    const runs = await ledger<{ _id: string; mirror: string; state: string; sweepAttempt: number }>("runs");
    const sweeping = runs.find((each) => each.mirror === mirror && each.state === "sweeping");
    const active = jobs.filter(
      ({ state, scheduledTime }) =>
        state.kind === "inProgress" || (state.kind === "pending" && scheduledTime < Date.now() + 3_000),
    );
    if (sweeping === undefined && active.every(({ state }) => state.kind === "pending")) return;
    if (sweeping !== undefined && !active.some(({ name }) => name.startsWith("run/sweep")))
      await component("run/sweepAttempts:watch", { run: sweeping._id, attempt: sweeping.sweepAttempt });
    if (Date.now() > end) throw new Error(`Jobs do not end: ${JSON.stringify([sweeping, active])}`);
    await sleep(50);
  }
}

/** What is said of deliveries, runs and mirrors adds up. */
async function expectConserved(mirror: string, rows: number): Promise<void> {
  const [runs, deliveries, mirrors] = await Promise.all([
    ledger<{ counts: Record<string, number> }>("runs"),
    ledger<{ counts: Record<string, number> }>("deliveries"),
    ledger<{ name: string; rows: number; total: Record<string, number>; removed: number; copied: number }>(
      "mirrors",
    ),
  ]);
  for (const { counts } of [...runs, ...deliveries, ...mirrors.map(({ total }) => ({ counts: total }))]) {
    const { received, ...rest } = countsOf(counts);
    expect(Object.values(rest).reduce((sum, each) => sum + each, 0)).toBe(received);
  }
  const { total, removed, copied, rows: known } = mirrors.find(({ name }) => name === mirror)!;
  expect(known).toBe(rows);
  expect(total.inserted! - total.deleted! - removed + copied).toBe(rows);
}

test(
  "ONCE-8: a sync that is repeated after its sender or the server was killed brings each row once",
  { timeout: 120_000 + KILLS * 60_000 },
  async () => {
    const dice = new Dice(SEED);
    const users = new Map<string | number, Row>();
    const killed = { sender: 0, server: 0 };
    const count = () => killed.sender + killed.server;
    for (let number = 1; count() < KILLS; number++) {
      expect(number, `${JSON.stringify(killed)} of ${String(KILLS)} kills`).toBeLessThanOrEqual(SYNCS);
      const mirror = dice.often(0.6) ? "users" : "events";
      // A push that appends is a new one when its file is sent again after its end: only a refresh may be repeated.
      const refresh = mirror === "events" || dice.often(0.5);
      const rows = rowsOf(dice, mirror, number);
      const sync = await prepare(dice, mirror, refresh, rows);
      let ended = { code: null as number | null, err: "" };
      for (let kills = 0, tries = 0; ended.code !== 0; tries++) {
        expect(tries, `${sync.args.join(" ")} ends with ${String(ended.code)}: ${ended.err}`).toBeLessThan(
          12,
        );
        for (const [name, content] of Object.entries(sync.files(tries))) await write(name, content);
        const running = new Running(sync.args, { cwd: project.directory, env });
        running.child.stdin.end(sync.input);
        while (kills < 3 && count() < KILLS) {
          const victim = await kill(running, dice);
          if (victim === null) break;
          kills += 1;
          killed[victim] += 1;
          if (victim === "sender") break;
        }
        ended = await running.ended;
      }
      await settle(mirror);
      if (mirror === "users") {
        if (refresh) users.clear();
        for (const row of rows) users.set(row.id!, row);
      }
      const expected = mirror === "users" ? [...users.values()] : rows;
      await write("expected.jsonl", expected.map((row) => `${JSON.stringify(row)}\n`).join(""));
      for (const command of [
        ["verify", mirror, "--file", "expected.jsonl"],
        ["audit", mirror],
      ]) {
        const { code, out, err } = await run(command, { cwd: project.directory, env });
        const about = `${mirror}, ${refresh ? "refreshed" : "changed"} by ${sync.args.join(" ")}`;
        expect(code, `${command.join(" ")} after sync ${String(number)} (${about}): ${out}${err}`).toBe(0);
      }
      await expectConserved(mirror, expected.length);
    }
    console.log(
      `test/cli/kills: killed ${String(killed.sender)} senders and the server ${String(killed.server)} times`,
    );
  },
);
