// @vitest-environment node
import { expect, test } from "vitest";
import { findChromium } from "./chromium.js";

test("the variable CHROMIUM names the browser, and must be right", () => {
  expect(findChromium("/opt/chromium", (path) => path === "/opt/chromium")).toBe("/opt/chromium");
  expect(() => findChromium("/opt/chromium", () => false)).toThrow('CHROMIUM is "/opt/chromium"');
});

test("without it the usual places are searched, and the error says what to install", () => {
  expect(findChromium("", (path) => path === "/usr/bin/google-chrome")).toBe("/usr/bin/google-chrome");
  expect(() => findChromium(undefined, () => false)).toThrow("apt-get install chromium");
});
