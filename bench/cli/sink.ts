import { createServer } from "node:http";
import { noCounts } from "../../src/core/wire/counts.js";

/**
 * A deployment that answers at once and keeps nothing: what remains is the sender's own time. Prints its URL as the
 * first line, and stops when stdin ends.
 */
const FIELDS = {};
let runs = 0;
let bytes = 0;

const server = createServer((request, response) => {
  const { method = "", url = "" } = request;
  // Counting rows would take time from the sender on a small machine; the bytes tell that everything came.
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  request.on("end", () => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(answerTo(method, url)));
  });
});

function answerTo(method: string, url: string): unknown {
  if (url === "/v1/mirrors") return { mirrors: names().map(mirror) };
  if (url === "/v1/runs")
    return { run: `run${String(++runs)}`, epoch: runs, generation: null, nextSequence: 1, resend: [] };
  if (url.endsWith("/finish")) return { run: "", state: "complete", counts: noCounts };
  if (url === "/v1/deliveries" && method === "POST")
    return { replayed: false, counts: noCounts, quarantinedKeys: [] };
  return { bytes };
}

function names(): string[] {
  return Array.from({ length: 8 }, (_, i) => `stream${String(i)}`);
}

function mirror(name: string) {
  return { name, source: `public.${name}`, primaryKey: ["id"], version: null, fields: FIELDS };
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The sink has no port.");
  process.stdout.write(`http://127.0.0.1:${String(address.port)}\n`);
});
process.stdin.resume().on("end", () => process.exit());
