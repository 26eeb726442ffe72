import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium } from "../../tools/browser/chromium.js";
import type { Connection, JsonRecord } from "../../tools/demo/connector.js";
import { sync } from "../../tools/demo/connector.js";
import { AIRPORTS, FLIGHTS, readDataset } from "../../tools/demo/dataset.js";
import { adminOf, connect, type AdminCall } from "../../tools/demo/deployment.js";
import { outside } from "../../tools/demo/outside.js";
import { serveBuiltPage } from "../../tools/demo/page.js";
import { firstSync, laterSync, type SourceState } from "../../tools/demo/syncs.js";
import { Project } from "../e2e/project.js";

/** A desk. */
export const WIDE = { width: 1440, height: 900 };
/** A telephone of today. */
export const NARROW = { width: 390, height: 844 };

/** The example as a visitor meets it: pushed to a local deployment, with a source behind it, in a browser. */
export class Stage {
  /** What failed in the pages: uncaught errors, and what was written to the console as one. */
  readonly complaints: string[] = [];
  #round = 0;

  private constructor(
    readonly project: Project,
    readonly browser: Browser,
    readonly url: string,
    readonly connection: Connection,
    readonly source: SourceState,
    readonly admin: AdminCall,
    readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<Stage> {
    const closers: (() => Promise<void>)[] = [];
    const close = async (): Promise<void> => {
      for (const closer of closers.splice(0).reverse()) await closer();
    };
    try {
      const project = await Project.start("example/convex");
      closers.push(() => project.close());
      await project.push();
      const call = adminOf(project.server);
      const connection = await connect({ siteUrl: project.server.siteUrl, call });
      const source = {
        dataset: await readDataset("5k"),
        sent: { airports: 0, flights: 0, measurements: 0 },
      };
      const page = await serveBuiltPage(project.server.url, outside(call, connection, source));
      closers.push(page.close);
      const browser = await launchChromium();
      closers.push(() => browser.close());
      return new Stage(project, browser, page.url, connection, source, call, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Opens a page in a fresh profile. */
  async visit(hash = "#/", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: WIDE, reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    await page.goto(this.url + hash);
    return page;
  }

  /** The first sync: every row of the source. */
  async firstSync(): Promise<void> {
    await firstSync(this.connection, this.source, true);
  }

  /** A later sync: what changed in the source since. `slow` takes its time, as a source that reads a log does. */
  async laterSync({ slow = false } = {}): Promise<void> {
    this.#round += 1;
    await laterSync(this.connection, this.source, this.#round, { quiet: true, slow });
  }

  /** Single rows, sent as Airbyte's connector sends them. */
  async send(table: "airports" | "flights", ...rows: JsonRecord[]): Promise<void> {
    const stream = table === "airports" ? AIRPORTS : FLIGHTS;
    await sync(
      this.connection,
      [AIRPORTS, FLIGHTS],
      rows.map((data) => ({ type: "RECORD", stream, data })),
    );
  }
}
