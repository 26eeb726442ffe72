import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

/** Serves the example's page for a deployment, on loopback. Edits to `example/src` show at once. */
export async function servePage(
  convexUrl: string,
  port: number,
): Promise<{ url: string; close: () => Promise<void> }> {
  process.env.VITE_CONVEX_URL = convexUrl;
  // Loaded here, because `--once` has no use for it.
  const { createServer: createVite } = await import("vite");
  const server = createServer();
  // A server of its own: Vite's would end the process when stdin ends or a SIGTERM comes, before all is cleaned up.
  const vite = await createVite({
    configFile: fileURLToPath(new URL("../../example/vite.config.ts", import.meta.url)),
    logLevel: "warn",
    appType: "spa",
    server: { middlewareMode: true, hmr: { server } },
  });
  server.on("request", (request, response) => {
    vite.middlewares(request, response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch(async (error: unknown) => {
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
