// @vitest-environment node
/**
 * The hostile requests of fuzz.test.ts from several senders at once, on the local server in optimistic mode, where
 * transactions conflict and are retried. The order in which they come is not the seed's: a seed gives the same requests,
 * not the same race. `FUZZ_RACES=<requests> npm run fuzz` sends more.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Project } from "../e2e/project.js";
import { Remote } from "../model/remote.js";
import { checkAnswer, checkLaws, type HostileAnswer, learn } from "./laws.js";
import { Dice, hostileRequest, type HostileRequest, type Known } from "./requests.js";
import { tokensFor } from "./tokens.js";

const REQUESTS = Number(process.env.FUZZ_RACES ?? 400);
const SENDERS = 8;
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const AUDIT_TIMEOUT_MS = 120_000;

const APP = fileURLToPath(new URL("../app", import.meta.url));

/** The app under test, deployed. */
const FILES: Record<string, string> = {
  "schema.ts": `export { default } from ${JSON.stringify(path.join(APP, "schema.js"))};`,
  "imports.ts": `export * from ${JSON.stringify(path.join(APP, "imports.js"))};`,
  "http.ts": `export { default } from ${JSON.stringify(path.join(APP, "http.js"))};`,
};

async function send(
  { server }: Project,
  { method, path: route, headers, body }: HostileRequest,
): Promise<HostileAnswer> {
  const all = { "Content-Type": "application/json", "Convex-Client": "streaming-import-0.1.0", ...headers };
  const response = await fetch(server.siteUrl + route, {
    method,
    headers: Object.entries(all).filter((header): header is [string, string] => header[1] !== null),
    ...(body !== undefined && method !== "GET" && { body: body as BodyInit }),
  });
  return { status: response.status, text: await response.text() };
}

/** Waits until the deployment does nothing more by itself. */
async function settle(remote: Remote): Promise<void> {
  const mirrors = await remote.ledger("mirrors");
  for (const { name } of mirrors) await remote.settle(name);
  const state = async (mirror: string) =>
    ((await remote.call("auditReport", { mirror })) as { state: string } | null)?.state;
  for (const { name } of mirrors)
    await expect.poll(() => state(name), { timeout: AUDIT_TIMEOUT_MS }).not.toBe("walking");
}

test.each([SEED])(
  "HOSTILE-2: no requests that come at once break anything, seed %i",
  { timeout: 300_000 + REQUESTS * 1_000 },
  async (seed) => {
    const project = await Project.start("test/cli/programs/shop");
    try {
      for (const [file, text] of Object.entries(FILES))
        await writeFile(path.join(project.directory, "convex", file), text);
      await project.push();
      const remote = new Remote(project, "");
      await remote.call("declare");
      const tokens = await tokensFor(remote);
      // Runs are shared, so that senders meet in them.
      const known: Known = { tokens, runs: [], cursors: [] };
      let accepted = 0;
      await Promise.all(
        Array.from({ length: SENDERS }, async (_, sender) => {
          const dice = new Dice(seed + sender);
          for (let i = 0; i < REQUESTS / SENDERS; i++) {
            const request = hostileRequest(dice, known);
            const answer = await send(project, request);
            checkAnswer(answer, request);
            learn(answer, known);
            if (answer.status === 200) accepted += 1;
          }
        }),
      );
      expect(accepted).toBeGreaterThan(REQUESTS / 10);
      await checkLaws({
        call: async (name, args) => remote.call(name, args),
        ledger: async (table) => remote.ledger(table),
        mirrors: async () => {
          const names = (await remote.ledger("mirrors")).map(({ name }) => name);
          return await Promise.all(names.map(async (name) => remote.mirror(name)));
        },
        rows: async (table) => remote.rows(table),
        settle: async () => settle(remote),
      });
    } finally {
      await project.close();
    }
  },
);
