import fc from "fast-check";
import { expect, test } from "vitest";
import { chunkRows, MAX_CHUNK_BYTES, MAX_CHUNK_ROWS } from "./chunk.js";

const rows = fc.array(fc.record({ bytes: fc.nat(50), id: fc.nat() }), { maxLength: 300 });

test("chunks are the rows in their order, none empty, none over a limit unless it is one row", () => {
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 100 }),
      (all, maxRows, maxBytes) => {
        const chunks = chunkRows(all, { maxRows, maxBytes });
        expect(chunks.flat()).toEqual(all);
        for (const chunk of chunks) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(maxRows);
          const bytes = chunk.reduce((sum, row) => sum + row.bytes, 0);
          expect(bytes <= maxBytes || chunk.length === 1).toBe(true);
        }
      },
    ),
  );
});

test("no chunk could have taken the first row of the next", () => {
  fc.assert(
    fc.property(rows, (all) => {
      const limits = { maxRows: 7, maxBytes: 60 };
      const chunks = chunkRows(all, limits);
      for (let i = 1; i < chunks.length; i++) {
        const bytes = chunks[i - 1]!.reduce((sum, row) => sum + row.bytes, 0) + chunks[i]![0]!.bytes;
        expect(chunks[i - 1]!.length === limits.maxRows || bytes > limits.maxBytes).toBe(true);
      }
    }),
  );
});

test("a row larger than a chunk is alone, and the defaults hold", () => {
  const large = { bytes: MAX_CHUNK_BYTES + 1 };
  const small = { bytes: 1 };
  expect(chunkRows([small, large, small])).toEqual([[small], [large], [small]]);
  expect(chunkRows(Array.from({ length: 2001 }, () => small)).map((chunk) => chunk.length)).toEqual([
    MAX_CHUNK_ROWS,
    MAX_CHUNK_ROWS,
    1,
  ]);
  expect(chunkRows([])).toEqual([]);
});
