import { fileURLToPath } from "node:url";

/** Serves the example's page for a deployment, on loopback. Edits to `example/src` show at once. */
export async function servePage(
  convexUrl: string,
  port: number,
): Promise<{ url: string; close: () => Promise<void> }> {
  process.env.VITE_CONVEX_URL = convexUrl;
  // Loaded here, because `--once` has no use for it.
  const { createServer } = await import("vite");
  const server = await createServer({
    configFile: fileURLToPath(new URL("../../example/vite.config.ts", import.meta.url)),
    logLevel: "warn",
    server: { host: "127.0.0.1", port },
  });
  await server.listen();
  return {
    url: server.resolvedUrls?.local[0] ?? `http://127.0.0.1:${String(port)}/`,
    close: async () => {
      await server.close();
    },
  };
}
