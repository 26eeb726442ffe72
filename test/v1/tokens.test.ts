import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { gzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { Answer, App } from "../harness.js";
import { expectRefused, ok, Run, setUp, start, upsert, type Status } from "./support.js";

setUp();

const A = { id: "a", text: "first" };

/** Every endpoint, with a body that it takes. */
const ENDPOINTS: [method: string, path: string, body?: object][] = [
  ["POST", "/v1/runs", { mirror: "conformance_plain", syncMode: "append_dedup" }],
  ["POST", "/v1/deliveries", { run: "r", delivery: "d", sequence: 1, changes: [] }],
  ["POST", "/v1/runs/r/finish", { outcome: "complete" }],
  ["GET", "/v1/status"],
  ["GET", "/v1/mirrors"],
  ["GET", "/v1/digest?mirror=conformance_plain"],
  ["POST", "/v1/verify", { mirror: "conformance_plain", buckets: [] }],
];

/** Sends with another token than the app's own. */
async function as(app: App, token: string, method: string, path: string, body?: unknown): Promise<Answer> {
  return await app.send(method, path, body, { Authorization: `Bearer ${token}` });
}

async function tokenFor(app: App, mirrors: string[], options: object = {}): Promise<string> {
  return (await app.call("createToken", {
    name: `for ${mirrors.join()} ${JSON.stringify(options)}`,
    mirrors,
    ...options,
  })) as string;
}

test.each(ENDPOINTS)("%s %s demands a token", async (method, path, body) => {
  const app = await start();
  expectRefused(
    await app.send(method, path, body, { Authorization: null }),
    403,
    "BadDeployKey",
    /token create/,
  );
  expectRefused(await as(app, "csi_unknown", method, path, body), 401, "BadAdminKey", /token create/);
});

describe("a token for one mirror", () => {
  test("does not write another, and its refusal says which token would", async () => {
    const app = await start();
    const scoped = await tokenFor(app, ["conformance_scoped"]);
    const run = await Run.begin(app, "conformance_plain");
    const refusals = [
      await as(app, scoped, "POST", "/v1/runs", { mirror: "conformance_plain", syncMode: "append_dedup" }),
      await as(app, scoped, "POST", "/v1/deliveries", run.body([upsert(A)])),
      await as(app, scoped, "POST", `/v1/runs/${run.id}/finish`, { outcome: "complete" }),
    ];
    for (const refusal of refusals) {
      expectRefused(
        refusal,
        403,
        "OperationNotPermitted",
        /may not write the mirror "conformance_plain".*token create/,
      );
    }
    expect(await app.rows("conformance_plain")).toEqual([]);
    await run.deliver([upsert(A)]);
  });

  test("does not read another either, and is not told of it", async () => {
    const app = await start();
    const scoped = await tokenFor(app, ["conformance_scoped"]);
    await app.call("declare");
    expectRefused(
      await as(app, scoped, "GET", "/v1/digest?mirror=conformance_plain"),
      403,
      "OperationNotPermitted",
      /may not read the mirror "conformance_plain"/,
    );
    const verify = { mirror: "conformance_plain", buckets: [] };
    expectRefused(
      await as(app, scoped, "POST", "/v1/verify", verify),
      403,
      "OperationNotPermitted",
      /may not read/,
    );
    for (const path of ["/v1/status", "/v1/mirrors"]) {
      const { mirrors } = ok<{ mirrors: Status[] }>(await as(app, scoped, "GET", path));
      expect(mirrors.map(({ name }) => name)).toEqual(["conformance_scoped"]);
    }
  });

  test("writes and reads that one", async () => {
    const app = await start();
    const scoped = await tokenFor(app, ["conformance_scoped"]);
    const body = { mirror: "conformance_scoped", syncMode: "append_dedup" };
    const { run } = ok<{ run: string }>(await as(app, scoped, "POST", "/v1/runs", body));
    const delivery = { run, delivery: "d", sequence: 1, changes: [upsert(A)] };
    ok(await as(app, scoped, "POST", "/v1/deliveries", delivery));
    ok(await as(app, scoped, "POST", `/v1/runs/${run}/finish`, { outcome: "complete" }));
    ok(await as(app, scoped, "GET", "/v1/digest?mirror=conformance_scoped"));
    expect(await app.rows("conformance_scoped")).toEqual([A]);
  });
});

test("a token for reading writes nothing", async () => {
  const app = await start();
  const reader = await tokenFor(app, ["*"], { access: "read" });
  const run = await Run.begin(app, "conformance_plain");
  await run.deliver([upsert(A)]);
  const body = { mirror: "conformance_plain", syncMode: "append_dedup" };
  for (const refusal of [
    await as(app, reader, "POST", "/v1/runs", body),
    await as(app, reader, "POST", "/v1/deliveries", run.body([upsert({ id: "b" })])),
    await as(app, reader, "POST", `/v1/runs/${run.id}/finish`, { outcome: "complete" }),
  ]) {
    expectRefused(refusal, 403, "OperationNotPermitted", /may not write/);
  }
  ok(await as(app, reader, "GET", "/v1/status"));
  ok(await as(app, reader, "GET", "/v1/digest?mirror=conformance_plain"));
  expect(await app.rows("conformance_plain")).toEqual([A]);
});

test("a run goes on when its token is rotated, with the old token until the overlap ends, then with the new", async () => {
  const app = await start();
  const run = await Run.begin(app, "conformance_plain");
  const successor = (await app.call("rotateToken", { name: "connector", overlapHours: 1 })) as string;
  await run.deliver([upsert(A)]);
  ok(await as(app, successor, "POST", "/v1/deliveries", run.body([], { delivery: "d2", sequence: 2 })));
  await app.passTime(25 * 60_000);
  ok(await as(app, successor, "POST", "/v1/deliveries", run.body([], { delivery: "d3", sequence: 3 })));
  await app.passTime(25 * 60_000);
  ok(await as(app, successor, "POST", "/v1/deliveries", run.body([], { delivery: "d4", sequence: 4 })));
  await app.passTime(11 * 60_000);
  expectRefused(await run.send([]), 401, "BadAdminKey", /revoked or expired/);
  ok(
    await as(
      app,
      successor,
      "POST",
      "/v1/deliveries",
      run.body([upsert({ id: "b" })], { delivery: "d5", sequence: 5 }),
    ),
  );
  expect(await app.rows("conformance_plain")).toHaveLength(2);
});

describe("a token that demands signed bodies", () => {
  /** `X-Signature` as docs/protocol.md describes it. */
  function sign(token: string, body: Uint8Array, at = Date.now(), what = "POST /v1/runs"): string {
    const key = hexToBytes(bytesToHex(sha256(utf8ToBytes(`signing:${token}`))));
    const seconds = String(Math.floor(at / 1000));
    return `t=${seconds},v1=${bytesToHex(hmac(sha256, key, concatBytes(utf8ToBytes(`${seconds}.${what}.`), body)))}`;
  }

  async function signedApp() {
    const app = await start();
    const token = await tokenFor(app, ["*"], { signed: true });
    const post = async (path: string, body: Uint8Array | null, headers: Record<string, string>) =>
      await app.send(body === null ? "GET" : "POST", path, body ?? undefined, {
        Authorization: `Bearer ${token}`,
        ...headers,
      });
    return { app, token, post };
  }

  const BEGIN = utf8ToBytes(JSON.stringify({ mirror: "conformance_plain", syncMode: "append_dedup" }));

  test("takes a body that is signed, compressed too, and requests without one", async () => {
    const { app, token, post } = await signedApp();
    const { run } = ok<{ run: string }>(await post("/v1/runs", BEGIN, { "X-Signature": sign(token, BEGIN) }));
    const signed = (what: string, bytes: Uint8Array) => sign(token, bytes, Date.now(), what);
    const delivery = { run, delivery: "d", sequence: 1, changes: [upsert(A)] };
    const body = gzipSync(utf8ToBytes(JSON.stringify(delivery)));
    ok(
      await post("/v1/deliveries", body, {
        "Content-Encoding": "gzip",
        "X-Signature": signed("POST /v1/deliveries", body),
      }),
    );
    ok(await post("/v1/status", null, { "X-Signature": signed("GET /v1/status", new Uint8Array()) }));
    expect(await app.rows("conformance_plain")).toEqual([A]);
  });

  test("takes it up to five minutes from its time, either way", async () => {
    const { token, post } = await signedApp();
    for (const offset of [-299_000, 299_000]) {
      ok(await post("/v1/runs", BEGIN, { "X-Signature": sign(token, BEGIN, Date.now() + offset) }));
    }
    for (const offset of [-302_000, 302_000]) {
      const headers = { "X-Signature": sign(token, BEGIN, Date.now() + offset) };
      expectRefused(
        await post("/v1/runs", BEGIN, headers),
        403,
        "InvalidSignature",
        /too old, or from the future.*clock/,
      );
    }
  });

  test("refuses anything else", async () => {
    const { app, token, post } = await signedApp();
    const good = sign(token, BEGIN);
    const other = await tokenFor(app, ["*"]);
    const refusals: [Record<string, string>, RegExp][] = [
      [{}, /X-Signature: t=<seconds>,v1=<hex>/],
      [{ "X-Signature": "v1=abc" }, /X-Signature: t=<seconds>,v1=<hex>/],
      [{ "X-Signature": sign(other, BEGIN) }, /does not fit the request/],
      [{ "X-Signature": sign(token, concatBytes(BEGIN, utf8ToBytes(" "))) }, /does not fit the request/],
      [
        { "X-Signature": good.replace(/\w$/, (digit) => (digit === "0" ? "1" : "0")) },
        /does not fit the request/,
      ],
      [
        { "X-Signature": good.replace(/^t=\d+/, `t=${String(Math.floor(Date.now() / 1000) + 1)}`) },
        /does not fit the request/,
      ],
    ];
    for (const [headers, message] of refusals) {
      expectRefused(await post("/v1/runs", BEGIN, headers), 403, "InvalidSignature", message);
    }
    expect(await app.ledger("runs")).toEqual([]);
  });
});
