import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InlineConfig, Plugin } from "vite";

const CONFIG = fileURLToPath(new URL("../../example/vite.config.ts", import.meta.url));

/** A page that is being served. */
export interface Page {
  url: string;
  close: () => Promise<void>;
}

/** Serves the example's page for a deployment, on loopback. Edits to `example/src` show at once. */
export async function servePage(convexUrl: string, port: number, ...plugins: Plugin[]): Promise<Page> {
  process.env.VITE_CONVEX_URL = convexUrl;
  // Loaded here, because `--once` has no use for it.
  const { createServer: createVite } = await import("vite");
  const server = createServer();
  // A server of its own: Vite's would end the process when stdin ends or a SIGTERM comes, before all is cleaned up.
  const vite = await createVite({
    configFile: CONFIG,
    plugins,
    logLevel: "warn",
    appType: "spa",
    server: { middlewareMode: true, hmr: { server } },
  });
  server.on("request", (request, response) => {
    vite.middlewares(request, response);
  });
  await listen(server, port).catch(async (error: unknown) => {
    await vite.close();
    throw error;
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await vite.close();
    },
  };
}

/** Ports that are tried, from the one that is wanted. */
const PORTS = 20;

/** Listens on loopback: on this port, or on the next that is free. @throws Error when none of the next twenty is */
export async function listen(server: Server, port: number): Promise<void> {
  for (let tried = port; ; tried++) {
    try {
      server.listen(tried, "127.0.0.1");
      await once(server, "listening");
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      if (tried === port + PORTS)
        throw new Error(`The ports ${String(port)} to ${String(tried)} are in use.`, { cause: error });
    }
  }
}

/** Builds the page as for a release, and serves what was built, on loopback: nothing reloads it. */
export async function serveBuiltPage(convexUrl: string, ...plugins: Plugin[]): Promise<Page> {
  process.env.VITE_CONVEX_URL = convexUrl;
  // A test runner says "test", and would get React's development build.
  process.env.NODE_ENV = "production";
  const vite = await import("vite");
  const outDir = await mkdtemp(path.join(os.tmpdir(), "apron-page-"));
  const remove = async (): Promise<void> => {
    await rm(outDir, { recursive: true, force: true });
  };
  try {
    const build = { outDir, emptyOutDir: true };
    const options: InlineConfig = { configFile: CONFIG, plugins, logLevel: "warn", build };
    await vite.build(options);
    const server = await vite.preview({ ...options, preview: { host: "127.0.0.1", port: 0 } });
    return {
      url: server.resolvedUrls!.local[0]!,
      close: async () => {
        await server.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
