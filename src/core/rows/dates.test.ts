import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDateTime } from "./dates.js";

test.each<[string, string]>([
  ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ["2024-02-29T12:34", "2024-02-29T12:34:00.000Z"],
  ["2024-02-29T12:34:56", "2024-02-29T12:34:56.000Z"],
  ["2024-02-29 12:34:56.7", "2024-02-29T12:34:56.700Z"],
  ["2024-02-29 12:34:56.789", "2024-02-29T12:34:56.789Z"],
  ["2024-02-29T12:34:56Z", "2024-02-29T12:34:56.000Z"],
  ["2024-02-29T12:34:56z", "2024-02-29T12:34:56.000Z"],
  ["2024-02-29T12:34:56+02", "2024-02-29T10:34:56.000Z"],
  ["2024-02-29 12:34:56-0530", "2024-02-29T18:04:56.000Z"],
  ["2024-02-29 12:34:56.123 +05:45", "2024-02-29T06:49:56.123Z"],
  ["2024-12-31T23:59:59-00:01", "2025-01-01T00:00:59.000Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ["9999-12-31", "9999-12-31T00:00:00.000Z"],
  ["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"],
  ["1892-12-31 23:00:00+00:53:28", "1892-12-31T22:06:32.000Z"],
  ["0044-03-15 BC", "-000043-03-15T00:00:00.000Z"],
  ["0001-02-29T12:00:00.5Z BC", "0000-02-29T12:00:00.500Z"],
  ["12345-06-07 08:09:10+00", "+012345-06-07T08:09:10.000Z"],
  ["+012345-06-07T08:09:10Z", "+012345-06-07T08:09:10.000Z"],
  ["-000043-03-15", "-000043-03-15T00:00:00.000Z"],
])("%s is %s", (text, iso) => {
  expect(new Date(parseDateTime(text)!).toISOString()).toBe(iso);
});

test.each([
  "2023-02-29",
  "2024-13-01",
  "2024-00-10",
  "2024-01-00",
  "2024-01-01T24:00:00",
  "2024-01-01T12:60",
  "2024-01-01T12:00:60",
  "2024-01-01T12:00:00+25:00",
  "2024-01-01T12",
  "2024-01-01Z",
  "2024-1-1",
  "24-01-01",
  "01/02/2024",
  "2024-01-01T12:00:00ZBC",
  "0000-01-01 BC",
  "2023-02-29 BC",
  "2024-01-01T12:00:00+00:00:60",
  "infinite",
  "2024-01-01 ",
  "12:34:56",
  "",
])("%j is no date", (text) => {
  expect(parseDateTime(text)).toBe(null);
});

test("what JavaScript writes comes back", () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date("0000-01-01T00:00:00Z"),
        max: new Date("9999-12-31T23:59:59.999Z"),
        noInvalidDate: true,
      }),
      (date) => {
        expect(parseDateTime(date.toISOString())).toBe(date.getTime());
        expect(parseDateTime(date.toISOString().replace("T", " ").replace("Z", ""))).toBe(date.getTime());
      },
    ),
  );
});

test("microseconds are a fraction of a millisecond, and sort", () => {
  expect(parseDateTime("2024-01-01T00:00:00.123456Z")).toBe(Date.UTC(2024, 0, 1) + 123.456);
  expect(parseDateTime("1969-12-31T23:59:59.999500Z")).toBe(-0.5);
  const micros = fc.nat(999_999);
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      const at = (micro: number) => parseDateTime(`2024-01-01T00:00:00.${String(micro).padStart(6, "0")}`)!;
      expect(Math.sign(at(a) - at(b))).toBe(Math.sign(a - b));
    }),
  );
});

test("what Postgres writes beyond JavaScript's dates is understood", () => {
  expect(parseDateTime("infinity")).toBe(Infinity);
  expect(parseDateTime("-infinity")).toBe(-Infinity);
  // 4713-11-24 BC is the day 0 of the Julian calendar's count, and 1970-01-01 its day 2440588.
  expect(parseDateTime("4714-11-24 BC")).toBe(-2_440_588 * 86_400_000);
  // The day 2147483647 of that count, less one.
  expect(parseDateTime("5874897-12-31")).toBe((2_147_483_493 - 2_440_588) * 86_400_000);
});
