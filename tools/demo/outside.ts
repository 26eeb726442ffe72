import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import type { Connection, JsonRecord } from "./connector.js";
import type { AdminCall } from "./deployment.js";
import type { SourceState } from "./syncs.js";

/** Where the page finds what is outside of the app's code. */
export const OUTSIDE_PATH = "/outside";

/** A row that was edited as in the dashboard, and how. */
export interface Edit {
  key: JsonRecord;
  field: string;
  before: number;
  after: number;
}

/** What an edit adds to a delay, in minutes: an hour shows on the board. */
const ADDED_MINUTES = 60;

/**
 * What happens outside of the app's code, for the guard page: somebody edits a flight in the dashboard, and the source
 * sends again what it is asked for. Served beside the page, because neither is a thing that the app's functions can do.
 */
export function outside(call: AdminCall, connection: Connection, source: SourceState): Plugin {
  const doors: Record<string, () => Promise<unknown>> = {
    [`${OUTSIDE_PATH}/edit`]: () => editInDashboard(call),
    [`${OUTSIDE_PATH}/resend`]: () => sendAgain(connection, source),
  };
  const serve = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const door = request.method === "POST" ? doors[request.url ?? ""] : undefined;
    if (door === undefined) {
      next();
      return;
    }
    door().then(
      (answer) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(answer)),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? error.message : String(error));
      },
    );
  };
  return {
    name: "outside",
    config: () => ({ define: { "import.meta.env.VITE_OUTSIDE": JSON.stringify(OUTSIDE_PATH) } }),
    configureServer: ({ middlewares }) => void middlewares.use(serve),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(serve),
  };
}

/** Edits the newest flight, by the calls that the dashboard makes. */
async function editInDashboard(call: AdminCall): Promise<Edit> {
  const { page } = (await call("_system/cli/tableData", {
    table: "flights",
    order: "desc",
    paginationOpts: { numItems: 1, cursor: null },
  })) as { page: { _id: string; date: string; origin: string; destination: string; delay: number }[] };
  const [flight] = page;
  if (flight === undefined) throw new Error("No flight has arrived yet. Run a sync first.");
  const { _id, date, origin, destination, delay: before } = flight;
  const after = before + ADDED_MINUTES;
  await call("_system/frontend/patchDocumentsFields", {
    table: "flights",
    componentId: null,
    ids: [_id],
    fields: { delay: after },
  });
  return { key: { date, origin, destination }, field: "delay", before, after };
}

/** A run of the source, which sends the flights that the mirror asks for again. Returns how many. */
async function sendAgain(connection: Connection, { dataset }: SourceState): Promise<number> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${connection.deploymentUrl}${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${connection.accessKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${path} was answered with ${String(response.status)}: ${await response.text()}`);
    return await response.json();
  };
  const { run, nextSequence, resend } = (await post("/v1/runs", {
    mirror: "flights",
    syncMode: "append_dedup",
  })) as { run: string; nextSequence: number; resend: [string, string, string][] };
  const wanted = new Set(resend.map((key) => key.join(" ")));
  const flights = new Map(
    dataset.flights.map((flight) => [`${flight.date} ${flight.origin} ${flight.destination}`, flight]),
  );
  const changes = [...wanted].flatMap((key) => {
    const row = flights.get(key);
    return row === undefined ? [] : [{ op: "upsert", row }];
  });
  await post("/v1/deliveries", { run, delivery: "asked again", sequence: nextSequence, changes });
  await post(`/v1/runs/${run}/finish`, { outcome: "complete" });
  return changes.length;
}
