// @vitest-environment node
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { check } from "./connector.js";
import { unlessStopped } from "./stopped.js";

/** A connector's request that is under way when its server is closed. */
async function cutOff(beforehand: () => void): Promise<unknown> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const request = check({ deploymentUrl: `http://127.0.0.1:${String(port)}`, accessKey: "key" });
  const ended = unlessStopped(request, stop.signal);
  await once(server, "request");
  beforehand();
  server.closeAllConnections();
  server.close();
  return await ended.catch((error: unknown) => error);
}

let stop = new AbortController();

test("a request that a stop cuts off is no failure", async () => {
  stop = new AbortController();
  expect(await cutOff(() => stop.abort())).toBeNull();
});

test("a request that breaks by itself is one", async () => {
  stop = new AbortController();
  expect(await cutOff(() => undefined)).toMatchObject({ message: "socket hang up" });
});
