import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

/** Where Debian, Ubuntu, Fedora and Google's packages put it. */
const USUAL_PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A page is drawn and measured; nothing else that a browser does by itself is wanted. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Text is drawn alike on every screen, for screenshots.
  "--font-render-hinting=none",
  "--force-color-profile=srgb",
];

/**
 * Starts the machine's Chromium without a window, with an empty profile that goes when it is closed.
 * @throws Error that names what to install when there is none
 */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: findChromium(),
    headless: true,
    // Chromium refuses its sandbox to root, which is who runs in most containers.
    chromiumSandbox: process.getuid?.() !== 0,
    args: QUIET,
  });
}

/** @throws Error when neither the variable CHROMIUM nor a usual place names a browser */
export function findChromium(env = process.env.CHROMIUM, isThere = existsSync): string {
  if (env !== undefined && env !== "") {
    if (isThere(env)) return env;
    throw new Error(`CHROMIUM is "${env}", which does not exist. Set it to the path of Chromium or Chrome.`);
  }
  const found = USUAL_PLACES.find((path) => isThere(path));
  if (found !== undefined) return found;
  throw new Error(
    `No Chromium found (${USUAL_PLACES.join(", ")}). Install it (Debian: apt-get install chromium), or set CHROMIUM to the path of one.`,
  );
}
