import { expect, test } from "vitest";
import { positionText } from "./position.js";

test.each([
  [0, "0000000000000000"],
  ["255", "00000000000000ff"],
  ["18446744073709551615", "ffffffffffffffff"],
  ["0/16B3748", "00000000016b3748"],
  ["16/b374d848", "00000016b374d848"],
])("%s is %s", (position, text) => {
  expect(positionText(position)).toBe(text);
});

test("positions sort as text, in whichever form they are written", () => {
  const positions = ["9", "10", "0/A0", "1/0", "4294967297", "A/0"].map((position) =>
    positionText(position)!,
  );
  expect(positions.toSorted()).toEqual(positions);
});

test.each(["", "-1", "1.5", "1e3", "18446744073709551616", "G/0", "1/123456789", "mysql-bin.000003:4"])(
  "%j is no position",
  (position) => {
    expect(positionText(position)).toBeNull();
  },
);
