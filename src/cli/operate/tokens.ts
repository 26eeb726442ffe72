import { CliError, usageError } from "../terminal/exit.js";
import type { CommonOptions } from "../deployment/options.js";
import { ago, print, say, table } from "../terminal/output.js";
import { count } from "../../core/words.js";
import { openSession } from "../deployment/admin.js";
import { createToken, onlyMirror } from "../deployment/token.js";
import { agreed } from "./quarantine.js";
import { isTemporaryToken } from "../../core/token.js";
import type { TokenInfo } from "../../core/wire/views.js";
import { didYouMean } from "../../core/suggest.js";
import type { Io } from "../terminal/io.js";

interface CreateOptions extends CommonOptions {
  mirror?: string[];
  access: string;
  expiresInDays?: string;
  signed?: boolean;
}

/** Prints the token: the one time that anybody sees it. */
export async function create(io: Io, name: string, options: CreateOptions): Promise<void> {
  if (!["read", "write", "export"].includes(options.access))
    throw usageError("--access is read, write or export.");
  if (options.mirror === undefined && options.access === "export")
    throw usageError("Add --mirror with each table that the token exports.");
  const { admin } = openSession(io, options);
  const mirrors = options.mirror ?? [await onlyMirror(admin)];
  // The registry knows the mirrors of a schema that has just been deployed only after this.
  await admin.call("declare");
  const token = await createToken(admin, {
    name,
    mirrors,
    access: options.access,
    ...(options.expiresInDays !== undefined && {
      expiresInDays: positive("--expires-in-days", options.expiresInDays),
    }),
    ...(options.signed === true && { signed: true }),
  });
  if (options.mirror === undefined && options.json !== true)
    say(io.stderr, `It opens the only mirror, "${mirrors[0]!}".`);
  printToken(io, options, name, token);
}

export async function rotate(
  io: Io,
  name: string,
  options: CommonOptions & { overlapHours?: string; signed?: boolean },
): Promise<void> {
  const token = await openSession(io, options).admin.component<string>("tokens:rotate", {
    name,
    ...(options.overlapHours !== undefined && {
      overlapHours: positive("--overlap-hours", options.overlapHours),
    }),
    ...(options.signed === true && { signed: true }),
  });
  printToken(io, options, name, token);
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number < 0)
    throw usageError(`${option} is a number from 0.`);
  return number;
}

/** The token alone goes to stdout, so that a script can take it. */
function printToken(io: Io, { json }: CommonOptions, name: string, token: string): void {
  if (json !== true) say(io.stderr, `The token "${name}" (it is not shown again):`);
  print(io, json, { name, token }, () => token);
}

export async function revoke(
  io: Io,
  name: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { admin } = openSession(io, options);
  const inUse = (await admin.component<TokenInfo[]>("tokens:list")).filter(
    ({ endsAt }) => endsAt === null || Date.parse(endsAt) > Date.now(),
  );
  const names = inUse.map((token) => token.name);
  if (!names.includes(name))
    throw new CliError(
      "UnknownToken",
      `No token named "${name}" is in use.${didYouMean(name, names)} streaming-import token list shows them.`,
    );
  await agreed(io, options, `Revoke the token "${name}"? Requests with it are refused from now on.`);
  const revoked = await admin.component<number>("tokens:revoke", { name });
  if (revoked === 0) throw new CliError("UnknownToken", `No token named "${name}" is in use.`);
  print(io, options.json, { revoked }, () => `Revoked.`);
}

export async function list(io: Io, options: CommonOptions & { all?: boolean }): Promise<void> {
  const tokens = await openSession(io, options).admin.component<TokenInfo[]>("tokens:list");
  print(io, options.json, tokens, () => {
    if (tokens.length === 0)
      return "No tokens. Make one with: streaming-import token create <name> --mirror <mirror>";
    const shown = options.all === true ? tokens : tokens.filter((token) => !isSpent(token));
    const rows = shown.map((token) => [
      token.name,
      `${token.startsWith}…`,
      token.mirrors.join(", "),
      token.signed ? `${token.access}, signed` : token.access,
      ago(token.lastUsedAt),
      token.endsAt === null ? null : `${token.endReason ?? ""} ${token.endsAt}`.trim(),
    ]);
    const hidden = tokens.length - shown.length;
    const more =
      hidden === 0 ? "" : `\n${count(hidden, "temporary token")} of commands hidden; --all shows them.`;
    return `${table(["name", "token", "mirrors", "access", "used", "ends"], rows, io.stdout.columns)}${more}`;
  });
}

/** A token that a command has made for itself, and has ended. */
function isSpent({ name, endsAt }: TokenInfo): boolean {
  return isTemporaryToken(name) && endsAt !== null && Date.parse(endsAt) <= Date.now();
}
