import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** Pages that the panel has to survive, by the styles that they load. */
const read = (url: string) => readFileSync(fileURLToPath(import.meta.resolve(url)), "utf8");
const inPackage = (name: string, file: string) =>
  readFileSync(new URL(file, import.meta.resolve(`${name}/package.json`)), "utf8");

export const HOSTS: Record<string, string> = {
  "a bare page": "",
  "create-vite's page":
    inPackage("create-vite", "./template-react-ts/src/index.css") +
    inPackage("create-vite", "./template-react-ts/src/App.css"),
  "a Tailwind page": read("tailwindcss/preflight.css"),
  "a page that styles every element": `
    * { margin: 1px; letter-spacing: 0.1em; }
    body { text-align: center; text-transform: uppercase; font: 22px/2 Georgia, serif; }
    button, table, code, p, h2, h3, dl, ul, time { width: 100%; padding: 1em; background: gold; color: white; border: 4px dotted; }
    th, td { white-space: nowrap; text-align: right; padding: 2em; }
    button { display: block; font-size: 2em; } svg { display: none; } summary { list-style: none; }`,
};

const STYLES = readFileSync(new URL("../../../src/react/styles.css", import.meta.url), "utf8");
const ADDRESS = "http://localhost/panel";

let script: Promise<string> | undefined;

/** The page's program, bundled once. */
async function bundled(): Promise<string> {
  script ??= build({
    entryPoints: [fileURLToPath(new URL("page.tsx", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  }).then(({ outputFiles }) => outputFiles[0]!.text);
  return await script;
}

/** Opens the panel in a host page, with these answers. `complaints` gets what the page writes as an error. */
export async function openPanel(
  browser: Browser,
  host: string,
  answers: object,
  complaints: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const html = `<!doctype html><html lang="en"><head><title>Panel</title><meta name="viewport" content="width=device-width">
    <link rel="icon" href="data:,"><style>${HOSTS[host]!}</style><style>${STYLES}</style></head>
    <body><h1 hidden>Imports</h1><div id="root"></div></body></html>`;
  await page.route(ADDRESS, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto(ADDRESS);
  await page.evaluate((values) => Object.assign(window, { answers: values }), answers);
  await page.addScriptTag({ content: await bundled() });
  await page.getByRole("heading", { name: "Imports", level: 2 }).waitFor();
  return page;
}
