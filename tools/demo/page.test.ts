// @vitest-environment node
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { listen } from "./page.js";

test("a port in use is no error: the page takes the next that is free", async () => {
  const [first, second] = [createServer(), createServer()];
  await listen(first, 0);
  const { port } = first.address() as AddressInfo;
  await listen(second, port);
  expect((second.address() as AddressInfo).port).toBeGreaterThan(port);
  for (const server of [first, second]) {
    server.close();
    await once(server, "close");
  }
});
