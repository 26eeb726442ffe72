// @vitest-environment node
import { describe, expect, test } from "vitest";
import { readDataset, type Dataset } from "./dataset.js";
import { changes, rowsOf, snapshot } from "./source.js";

const small = await readDataset("5k");

function recordsOf(messages: Iterable<{ type: string }>): number {
  return [...messages].filter(({ type }) => type === "RECORD").length;
}

describe("the data", () => {
  test("is what vega-datasets ships", async () => {
    expect(rowsOf(small)).toEqual({ airports: 3376, flights: 5000, measurements: 0 });
    const middle = await readDataset("20k");
    // Two keys of the 20,000 rows repeat.
    expect([middle.flights.length, rowsOf(middle).flights]).toEqual([20_000, 19_998]);
    expect(rowsOf(await readDataset("200k")).measurements).toBe(200_000);
  });

  test("has null where the file says NA", () => {
    expect(small.airports.find(({ iata }) => iata === "CLD")).toMatchObject({ city: null, state: null });
  });
});

describe("a first sync", () => {
  test("sends every row once and a checkpoint after each stream", () => {
    const messages = [...snapshot(small)];
    expect(recordsOf(messages)).toBe(8376);
    expect(messages.filter(({ type }) => type === "STATE")).toHaveLength(2);
    expect(messages.at(-1)).toEqual({ type: "STATE" });
  });
});

describe("a later sync", () => {
  test("is the same each time, and another in the next round", () => {
    expect(changes(small, 1)).toEqual(changes(small, 1));
    expect(changes(small, 2).messages).not.toEqual(changes(small, 1).messages);
  });

  test("leaves the data that it started from alone", () => {
    const before = structuredClone(small);
    changes(small, 1);
    expect(small).toEqual(before);
  });

  test("sends a few hundred records, and knows what the source then holds", () => {
    const { messages, sent, after } = changes(small, 1);
    expect(recordsOf(messages)).toBe(sent.airports + sent.flights);
    expect(sent).toEqual({ airports: 11, flights: 400, measurements: 0 });
    expect(rowsOf(after)).toEqual({ airports: 3376, flights: 5030, measurements: 0 });
  });

  test("tells of a deleted row its key only, and when it went", () => {
    const deletes = changes(small, 1).messages.flatMap((message) =>
      message.type === "RECORD" && message.data._ab_cdc_deleted_at !== null ? [message] : [],
    );
    expect(deletes).toHaveLength(62);
    expect(deletes.find(({ stream }) => stream.name === "airports")!.data).toMatchObject({
      iata: "PFN",
      name: null,
      latitude: null,
    });
  });

  test("can follow another for as long as one likes", () => {
    let dataset: Dataset = small;
    for (let round = 1; round <= 12; round++) dataset = changes(dataset, round).after;
    expect(rowsOf(dataset).flights).toBe(5000 + 12 * 30);
  });
});
