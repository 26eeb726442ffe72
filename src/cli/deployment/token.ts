import { randomBytes } from "node:crypto";
import { type Admin, isOperated, openAdmin } from "./admin.js";
import { type Deployment, KEY_WITHHELD } from "./environment.js";
import type { MirrorInfo } from "../../core/wire/v1.js";
import type { MirrorStatus } from "../../core/wire/views.js";
import { didYouMean } from "../../core/suggest.js";
import { CliError } from "../terminal/exit.js";
import type { Place } from "../terminal/io.js";

/** An import token for the time of one command. */
export interface BorrowedToken {
  token: string;
  /** Gives it back: one that was made for this command is revoked. */
  giveBack: () => Promise<void>;
}

/**
 * The token of the environment; without one, a token that is made with the deployment's key, opens these mirrors or
 * tables, and is revoked when the command ends (a day later at the latest).
 */
export async function borrowToken(
  place: Place,
  deployment: Deployment,
  mirrors: readonly string[],
  access: "read" | "write" | "export",
): Promise<BorrowedToken> {
  if (deployment.token !== null) return { token: deployment.token, giveBack: async () => Promise.resolve() };
  if (!isOperated(deployment)) {
    throw new CliError(
      "NoToken",
      deployment.isKeyWithheld
        ? KEY_WITHHELD
        : `There is no token. Set STREAMING_IMPORT_TOKEN to ${access === "export" ? "an export token (streaming-import token create <name> --access export)" : "an import token (streaming-import token create)"}, or the deployment's key in CONVEX_DEPLOY_KEY or CONVEX_SELF_HOSTED_ADMIN_KEY.`,
    );
  }
  const admin = openAdmin(place, deployment);
  const name = `cli-${randomBytes(6).toString("hex")}`;
  if (!mirrors.includes("*")) await admin.call("declare");
  const create = { name, mirrors: [...mirrors], access, expiresInDays: 1 };
  const token = await createToken(admin, create);
  return {
    token,
    giveBack: async () => {
      await admin.component("tokens:revoke", { name });
    },
  };
}

/** Creates a token. @throws CliError for a mirror that is not there, with the one that may be meant */
export async function createToken(
  admin: Admin,
  create: { name: string; mirrors: string[]; access: string; expiresInDays?: number; signed?: boolean },
): Promise<string> {
  return await admin.component<string>("tokens:create", create).catch(async (error: unknown) => {
    if (create.access === "export") throw await unknownTable(admin, create.mirrors, error);
    const names = await mirrorNames(admin);
    const unknown = create.mirrors.find((mirror) => mirror !== "*" && !names.includes(mirror));
    throw unknown === undefined ? error : await unknownMirror(admin.place, unknown, names);
  });
}

/** What is wrong with the tables of a token that exports, or the error as it is. */
async function unknownTable(admin: Admin, tables: readonly string[], error: unknown): Promise<unknown> {
  const names = (await admin.component<{ table: string }[]>("changeFeed:tables")).map(({ table }) => table);
  const unknown = tables.find((table) => table !== "*" && !names.includes(table));
  if (unknown === undefined) return error;
  return new CliError(
    "UnknownTable",
    `The deployment exports no table "${unknown}".${didYouMean(unknown, names)} It exports: ${names.join(", ") || "none yet"}. A table is exported with exportTable in schema.ts, or with the option export of mirrorTable.`,
  );
}

async function mirrorNames(admin: Admin): Promise<string[]> {
  const mirrors = await admin.component<MirrorStatus[]>("registry:list");
  return mirrors.filter(({ state }) => state !== "removed").map(({ name }) => name);
}

/** The mirror of a deployment that has one, for a command that names none. @throws CliError where there are others */
export async function onlyMirror(admin: Admin): Promise<string> {
  // The registry knows the mirrors of a schema that has just been deployed only after this.
  await admin.call("declare");
  return onlyOf(await mirrorNames(admin));
}

/** The only one of several names. @throws CliError with the names */
export function onlyOf(names: readonly string[]): string {
  const [only, ...more] = names;
  if (only === undefined)
    throw new CliError(
      "NoMirrors",
      "There is no mirror yet. Declare one with mirrorTable in convex/schema.ts and deploy.",
    );
  if (more.length > 0)
    throw new CliError("AmbiguousMirror", `Which mirror? Add --mirror with one of: ${names.join(", ")}.`);
  return only;
}

/** A mirror that a token opens. @throws CliError with the name that may be meant */
export async function openedMirror(
  place: Place,
  mirrors: readonly MirrorInfo[],
  name: string,
): Promise<MirrorInfo> {
  const found = mirrors.find((mirror) => mirror.name === name);
  if (found !== undefined) return found;
  const names = mirrors.map((mirror) => mirror.name);
  throw new CliError(
    "UnknownMirror",
    `The token opens no mirror "${name}".${didYouMean(name, names)}${await whereDeclared(place, name)} streaming-import status lists the mirrors.`,
  );
}

/** The refusal of a name that no deployed mirror has. */
export async function unknownMirror(
  place: Place,
  mirror: string,
  names: readonly string[],
): Promise<CliError> {
  const declared = await whereDeclared(place, mirror);
  const meant = declared === "" ? didYouMean(mirror, names) : declared;
  return new CliError(
    "UnknownMirror",
    `There is no mirror "${mirror}".${meant} The mirrors are: ${names.join(", ") || "none yet"}.`,
  );
}

/** What to do about a mirror that the project declares and has not deployed; nothing for another name. */
async function whereDeclared({ cwd }: Place, mirror: string): Promise<string> {
  try {
    const [{ readProject }, { localSchema }] = await Promise.all([
      import("../project/project.js"),
      import("../project/localSchema.js"),
    ]);
    const project = await readProject(cwd);
    const { mirrors } = await localSchema(project);
    if (!mirrors.some(({ name }) => name === mirror)) return "";
    const { exec } = project.packageManager;
    return ` ${project.functionsDir}/schema.ts declares it, but it is not deployed: run ${exec} convex dev, or ${exec} convex deploy.`;
  } catch {
    // Outside of a project, or where its schema cannot be read, nothing more is known.
    return "";
  }
}
