import { writeFile } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { once } from "node:events";

/** Streams of the generated sync. */
export const STREAMS = 4;

/** A state follows every so many records. */
const RECORDS_PER_STATE = 10_000;

/** Writes a sync of so many records to a file: records as a database source sends them, some 330 bytes each. */
export async function generateMessages(file: string, records: number): Promise<number> {
  const out = createWriteStream(file);
  let bytes = 0;
  const parts: string[] = [];
  const flush = async () => {
    const text = parts.join("");
    parts.length = 0;
    bytes += Buffer.byteLength(text);
    if (!out.write(text)) await once(out, "drain");
  };
  for (let i = 0; i < records; i++) {
    const stream = `stream${String(Math.floor(i / 100) % STREAMS)}`;
    parts.push(
      JSON.stringify({
        type: "RECORD",
        record: { namespace: "public", stream, data: rowOf(i), emitted_at: 1_760_000_000_000 + i },
      }),
      "\n",
    );
    if (i % RECORDS_PER_STATE === RECORDS_PER_STATE - 1) {
      parts.push(
        JSON.stringify({
          type: "STATE",
          state: {
            type: "STREAM",
            stream: { stream_descriptor: { name: stream, namespace: "public" }, stream_state: { cursor: i } },
            id: i,
          },
        }),
        "\n",
      );
    }
    if (parts.length > 2_000) await flush();
  }
  for (let i = 0; i < STREAMS; i++) {
    const stream_status = {
      stream_descriptor: { name: `stream${String(i)}`, namespace: "public" },
      status: "COMPLETE",
    };
    parts.push(
      JSON.stringify({ type: "TRACE", trace: { type: "STREAM_STATUS", emitted_at: 1, stream_status } }),
      "\n",
    );
  }
  await flush();
  out.end();
  await once(out, "close");
  return bytes;
}

function rowOf(i: number) {
  return {
    id: i,
    name: `Customer number ${String(i)}`,
    email: `customer.${String(i)}@example.com`,
    city: i % 3 === 0 ? "Zürich" : "Lisbon",
    balance: ((i * 7919) % 100_000) / 100,
    active: i % 2 === 0,
    notes: i % 10 === 0 ? null : 'Prefers to be called in the morning; "quoted" now and then.',
    tags: ["alpha", "beta"],
    updated_at: "2026-01-01T00:00:00.000Z",
  };
}

export async function writeCatalog(file: string): Promise<void> {
  const streams = Array.from({ length: STREAMS }, (_, i) => ({
    stream: {
      name: `stream${String(i)}`,
      namespace: "public",
      json_schema: {},
      supported_sync_modes: ["full_refresh", "incremental"],
    },
    sync_mode: "incremental",
    destination_sync_mode: "append_dedup",
    primary_key: [["id"]],
    generation_id: 1,
    minimum_generation_id: 0,
    sync_id: 1,
  }));
  await writeFile(file, JSON.stringify({ streams }));
}
