/**
 * Records the command at work for docs/cli.md: `npm run captures`. A small project in a temporary directory, set up by
 * the command itself, is deployed to the local server and fed with real data; what the command prints there is drawn.
 * Times and rates are those of the machine; paths and ports are replaced, for they say nothing.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { run, Running } from "../test/cli/support/command.js";
import { DeployedProject } from "../test/cli/support/deployed.js";
import { UserProject } from "../test/cli/support/projects.js";
import { toSvg, type Recording } from "./captures/terminal.js";

const IMAGES = fileURLToPath(new URL("../docs/images", import.meta.url));

/** Frames of a recording that moves, and the pause between them as the reader sees it. */
const [FRAMES, SECONDS_PER_FRAME] = [5, 1.5];

/** Lines of a long output that are shown. */
const SHOWN_LINES = 44;

const SCHEMA = `import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  notes: defineTable({ airport: v.string(), text: v.string() }),
});
`;

/** What the user makes of the mirror that init proposes. */
const MIRRORS = `import { mirrorTable } from "convex-streaming-import/schema";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  notes: defineTable({ airport: v.string(), text: v.string() }),
  airports: mirrorTable(
    {
      iata: v.string(),
      name: v.string(),
      city: v.union(v.string(), v.null()),
      latitude: v.number(),
      longitude: v.number(),
    },
    { primaryKey: ["iata"], source: "public.airports" },
  ),
  flights: mirrorTable({ delay: v.number(), distance: v.number(), time: v.number() }, { source: "public.flights" }),
});
`;

const HTTP = `import { httpRouter } from "convex/server";

const http = httpRouter();

export default http;
`;

/** A file of the vega-datasets package: airports and flights of the United States. */
function dataset(name: string): string {
  return readFileSync(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")), "utf8");
}

class Recorder {
  constructor(readonly deployed: { project: UserProject }) {}

  #env(): Record<string, string | undefined> {
    return {
      FORCE_COLOR: "1",
      NO_COLOR: undefined,
      XDG_STATE_HOME: path.join(this.deployed.project.directory, ".state"),
    };
  }

  /** Runs a command to its end and draws what it printed. */
  async record(file: string, ...args: string[]): Promise<void> {
    const { out, err } = await run(args, { cwd: this.deployed.project.directory, env: this.#env() });
    await this.#save(file, { command: commandLine(args), frames: [cut(this.#clean(err + out))] });
  }

  /** Starts a command that prints again and again, does something meanwhile, and draws what it printed in turn. */
  async recordWatch(file: string, meanwhile: () => Promise<unknown>, ...args: string[]): Promise<void> {
    const work = meanwhile();
    const running = new Running(args, { cwd: this.deployed.project.directory, env: this.#env() });
    const frames: string[] = [];
    running.child.stdout.on("data", (text: string) => {
      // From the moment on when there is something to see.
      if (frames.length > 0 || text.includes("rows/s")) frames.push(this.#clean(text));
    });
    while (frames.length < FRAMES) await sleep(100);
    running.child.kill("SIGINT");
    await Promise.all([running.ended, work]);
    await this.#save(file, { command: commandLine(args), frames, secondsPerFrame: SECONDS_PER_FRAME });
  }

  #clean(text: string): string {
    return text
      .replaceAll(this.deployed.project.directory, "~/shop")
      .replaceAll(
        /(127\.0\.0\.1):\d+(\/[a-z]+)?/g,
        (_, host: string, route = "") => `${host}:${route === "" ? "3210" : "3211"}${route as string}`,
      );
  }

  async #save(file: string, recording: Recording): Promise<void> {
    await writeFile(path.join(IMAGES, file), toSvg(recording));
    process.stdout.write(`docs/images/${file}\n`);
  }
}

function commandLine(args: readonly string[]): string {
  return `npx streaming-import ${args.join(" ")}`;
}

function cut(text: string): string {
  const lines = text.trimEnd().split("\n");
  if (lines.length <= SHOWN_LINES) return text;
  const left = lines.length - SHOWN_LINES;
  return [...lines.slice(0, SHOWN_LINES), `\u001B[2m… ${String(left)} more lines\u001B[22m`].join("\n");
}

const project = UserProject.fresh({ "convex/schema.ts": SCHEMA, "convex/http.ts": HTTP });
await new Recorder({ project }).record("cli-init.svg", "init", "--source", "public.airports", "--yes");
project.write("convex/schema.ts", MIRRORS);
const deployed = await DeployedProject.start(project);
try {
  project.write("airports.csv", dataset("airports.csv"));
  project.write("flights.json", dataset("flights-200k.json"));
  const recorder = new Recorder(deployed);
  await recorder.record(
    "cli-push.svg",
    "push",
    "airports.csv",
    "--mirror",
    "airports",
    "--drop",
    "state",
    "--drop",
    "country",
  );
  const push = async () =>
    await run(["push", "flights.json", "--mirror", "flights", "--mode", "append"], {
      cwd: project.directory,
      env: { XDG_STATE_HOME: path.join(project.directory, ".state") },
    });
  await recorder.recordWatch("cli-status.svg", push, "status", "--watch");

  // Three usual mistakes: a schema that is not deployed, a mutation that is not guarded, no token for a mirror.
  project.write("convex/schema.ts", MIRRORS.replace("      name: v.string(),\n", ""));
  project.write(
    "convex/notes.ts",
    'import { mutation } from "./_generated/server";\nexport const add = mutation(async () => {});\n',
  );
  await deployed.run("imports:createToken", { name: "airbyte", mirrors: ["airports"] });
  await recorder.record("cli-doctor.svg", "doctor");
} finally {
  await deployed.close();
}
