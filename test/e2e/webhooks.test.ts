// @vitest-environment node
import { createHmac } from "node:crypto";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import ts from "typescript";
import { blocksOf } from "../docs/pages.js";
import { Project } from "./project.js";

/** The programs of docs/guides/webhooks.md, as they stand on the page, over the set-up of the quick start. */

interface Customer {
  id: bigint;
  email: string;
  name?: string;
  updated_at: number;
}

const byEmail = makeFunctionReference<"query", { email: string }, Customer | null>("customers:byEmail");
const SECRET = "the secret of the billing service";

/** The blocks of a page that are named files, by their names; the later of a name counts. */
function filesOf(page: string): Record<string, string> {
  return Object.fromEntries(
    blocksOf(page).flatMap(({ code }) => {
      const name = /^\/\/ ([\w/.]+\.ts)\b/.exec(code)?.[1];
      return name === undefined ? [] : [[name, code]];
    }),
  );
}

const files = { ...filesOf("docs/quickstart.md"), ...filesOf("docs/guides/webhooks.md") };
let project: Project;
let client: ConvexHttpClient;

beforeAll(async () => {
  project = await Project.of(files);
  await project.push();
  client = new ConvexHttpClient(project.server.url);
  await project.cli("env", "set", "BILLING_SECRET", SECRET);
  await project.cli(
    "env",
    "set",
    "BILLING_IMPORT_TOKEN",
    await project.createToken("billing", ["customers"]),
  );
});

afterAll(async () => {
  await project.close();
});

async function find(email: string): Promise<Customer | null> {
  return await client.query(byEmail, { email });
}

describe("a service of somebody else", () => {
  const customer = { id: 7, email: "ada@example.com", name: "Ada", updated: "2026-01-02T00:00:00Z" };

  async function call(type: string, row: object, secret = SECRET): Promise<number> {
    const body = JSON.stringify({ type, customer: { ...customer, ...row } });
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const response = await fetch(`${project.server.siteUrl}/webhooks/billing`, {
      method: "POST",
      headers: { "X-Billing-Signature": signature },
      body,
    });
    return response.status;
  }

  /** What the cron job does every ten seconds; it may have been faster. */
  async function send(): Promise<void> {
    await project.run("inbox:send");
  }

  test("calls become rows; a repeated one, and one that is late, change nothing", async () => {
    expect(await call("customer.created", {})).toBe(200);
    await send();
    expect(await find("ada@example.com")).toMatchObject({ id: 7n, name: "Ada" });

    const changed = { email: "ada@example.org", updated: "2026-01-03T00:00:00Z" };
    expect(await call("customer.updated", changed)).toBe(200);
    expect(await call("customer.created", {})).toBe(200);
    await send();
    await send();

    expect(await find("ada@example.com")).toBeNull();
    expect(await find("ada@example.org")).toMatchObject({ updated_at: Date.UTC(2026, 0, 3) });
    expect(await project.run("inbox:oldest")).toEqual([]);
  });

  test("a deletion removes the row, which late news does not bring back", async () => {
    const row = { id: 8, email: "eve@example.com" };
    expect(await call("customer.created", row)).toBe(200);
    expect(await call("customer.deleted", { ...row, updated: "2026-01-04T00:00:00Z" })).toBe(200);
    expect(await call("customer.updated", { ...row, updated: "2026-01-03T00:00:00Z" })).toBe(200);
    await send();

    expect(await find("eve@example.com")).toBeNull();
    expect(await project.run("inbox:oldest")).toEqual([]);
  });

  test("a wrong signature is refused, and none", async () => {
    expect(await call("customer.created", { id: 9, email: "mallory@example.com" }, "guessed")).toBe(401);
    const response = await fetch(`${project.server.siteUrl}/webhooks/billing`, {
      method: "POST",
      body: "{}",
    });
    await send();

    expect(response.status).toBe(401);
    expect(await find("mallory@example.com")).toBeNull();
  });

  test("what the importer refuses for now waits in the inbox", async () => {
    await project.run("pause", { mirror: "customers" });
    expect(await call("customer.created", { id: 10, email: "late@example.com" })).toBe(200);
    await expect(send()).rejects.toThrow(/MirrorPaused/);
    await project.run("resume", { mirror: "customers" });
    await send();

    expect(await find("late@example.com")).toMatchObject({ id: 10n });
  });
});

describe("a system of your own", () => {
  async function load(token: string): Promise<{ notify: (rows: readonly object[]) => Promise<void> }> {
    vi.stubEnv("IMPORT_URL", `${project.server.siteUrl}/airbyte`);
    vi.stubEnv("IMPORT_TOKEN", token);
    const { outputText } = ts.transpileModule(files["notify.ts"]!, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    // Environment variables are read when the module is loaded: each token has one of its own.
    return (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(`${outputText}// ${token}`)}`
    )) as never;
  }

  test("signs what it sends, which is stored", async () => {
    const token = (await project.run("createToken", {
      name: "orders-service",
      mirrors: ["customers"],
      signed: true,
    })) as string;
    const { notify } = await load(token);
    await notify([{ id: 20, email: "grace@example.com", updated_at: 1 }]);

    expect(await find("grace@example.com")).toMatchObject({ id: 20n });
    const unsigned = await project.importRecords(token, "public_customers", [["id"]], [], "/airbyte");
    expect(unsigned).toMatchObject({
      status: 403,
      text: expect.stringContaining("InvalidSignature") as string,
    });
  });

  test("throws with the importer's words", async () => {
    const { notify } = await load("csi_nobody");
    await expect(notify([{ id: 21 }])).rejects.toThrow(/BadAdminKey/);
  });
});
