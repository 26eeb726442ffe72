import { randomBytes } from "node:crypto";
import { openAdmin } from "./admin.js";
import type { Deployment } from "./environment.js";
import type { MirrorStatus } from "../../core/wire/views.js";
import { didYouMean } from "../terminal/suggest.js";
import { CliError, usageError } from "../terminal/exit.js";
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
  if (deployment.adminKey === null && deployment.name === null) {
    throw usageError(
      `There is no token. Set STREAMING_IMPORT_TOKEN to ${access === "export" ? "an export token (streaming-import token create <name> --access export)" : "an import token (streaming-import token create)"}, or the deployment's key in CONVEX_DEPLOY_KEY or CONVEX_SELF_HOSTED_ADMIN_KEY.`,
    );
  }
  const admin = openAdmin(place, deployment);
  const name = `cli-${randomBytes(6).toString("hex")}`;
  if (!mirrors.includes("*")) await admin.call("declare");
  const create = { name, mirrors: [...mirrors], access, expiresInDays: 1 };
  const token = await admin.component<string>("tokens:create", create).catch(async (error: unknown) => {
    if (access === "export") throw error;
    const names = (await admin.component<MirrorStatus[]>("registry:list")).map((mirror) => mirror.name);
    const unknown = mirrors.find((mirror) => mirror !== "*" && !names.includes(mirror));
    throw unknown === undefined ? error : unknownMirror(unknown, names);
  });
  return {
    token,
    giveBack: async () => {
      await admin.component("tokens:revoke", { name });
    },
  };
}

export function unknownMirror(mirror: string, names: readonly string[]): CliError {
  return new CliError(
    `There is no mirror "${mirror}".${didYouMean(mirror, names)} The mirrors are: ${names.join(", ") || "none yet"}.`,
  );
}
