import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, isLower } from "./versions.js";

test.each<[string, string]>([
  // A fraction that is zero is left out by Java and Go.
  ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.250Z"],
  ["2026-01-01T00:00:00.9Z", "2026-01-01T00:00:00.95Z"],
  ["2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.000000002Z"],
  // The offset changes with the season, or the server.
  ["2026-10-25T02:30:00+02:00", "2026-10-25T02:10:00+01:00"],
  ["2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00Z"],
  ["2026-01-01 10:00:00", "2026-01-01T09:00:00.5-02"],
  ["2026-01-01", "2026-01-01T00:00:01Z"],
  ["0044-03-15 BC", "0001-01-01"],
  ["9999-12-31T23:59:59Z", "10000-01-01 00:00:00+00"],
  ["9999-12-31", "infinity"],
  ["-infinity", "4713-01-01 BC"],
  // Numbers and positions of logs.
  ["9", "10"],
  ["-10", "-9"],
  ["1.9", "1.95"],
  ["007", "8"],
  ["99999999999999999998", "99999999999999999999"],
  ["0/9", "0/10"],
  ["16/B374D848", "16/b374d849"],
  ["A/0", "10/0"],
  // Others, by their characters.
  ["", "a"],
  ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"],
  ["00000027:00000ac0:0002", "00000027:00000ac0:0003"],
  ["65f0000000000000000000aa", "65f000000000000000000100"],
])("%j comes before %j", (earlier, later) => {
  expect(compareVersions(earlier, later)).toBeLessThan(0);
  expect(compareVersions(later, earlier)).toBeGreaterThan(0);
  expect([isLower(earlier, later), isLower(later, earlier)]).toEqual([true, false]);
});

test.each([
  ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000+01:00"],
  ["1.10", "1.1"],
  ["+5", "05"],
  ["0/0", "0/00"],
])("%j and %j are no order", (a, b) => {
  expect(Math.abs(compareVersions(a, b))).toBe(0);
});

describe("NULL", () => {
  test.each([undefined, null])("%j is lower than any, and than none of its like", (none) => {
    for (const version of [0, -1n, "", -Infinity]) {
      expect([isLower(none, version), isLower(version, none)]).toEqual([true, false]);
    }
    expect([isLower(none, undefined), isLower(none, null)]).toEqual([false, false]);
  });
});

test("the texts of one source sort as what they are printed from", () => {
  const moment = fc.tuple(fc.nat({ max: 5_000 }), fc.integer({ min: -12, max: 12 }), fc.boolean());
  const print = ([ms, hours, short]: [number, number, boolean]) => {
    const iso = new Date(Date.UTC(2026, 9, 25) + ms + hours * 3_600_000).toISOString();
    const digits = iso.slice(0, -1).replace(short ? /\.?0+$/ : /$/, "");
    const whole = /T\d\d:\d\d:\d\d/.test(digits) ? digits : iso.slice(0, 19);
    return `${whole}${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`;
  };
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      expect(Math.sign(compareVersions(print(a), print(b)))).toBe(Math.sign(a[0] - b[0]));
    }),
  );
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat({ max: 3 }));
  fc.assert(
    fc.property(decimal, decimal, ([a], [b]) => {
      expect(Math.sign(compareVersions(String(a), String(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});
