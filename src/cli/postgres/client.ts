import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Client } from "pg";
import { messageOf, CliError } from "../terminal/exit.js";
import { packageManagerOf } from "../project/packageManager.js";

/** How long to wait for a server, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How long a question to the catalog may take, in milliseconds: a second for a thousand tables is much. */
const STATEMENT_TIMEOUT_MS = 60_000;

interface Driver {
  Client: new (config: object) => Client;
}

/**
 * Connects to a database.
 *
 * @throws CliError, which never shows a password
 */
export async function connect(
  root: string,
  url: string,
): Promise<{ client: Client; close: () => Promise<void> }> {
  const { Client } = await loadDriver(root);
  const shown = withoutSecrets(url);
  let client: Client;
  try {
    client = new Client({
      connectionString: url,
      application_name: "streaming-import generate",
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
    });
    // A server that goes away between two questions is reported by the next one.
    client.on("error", () => undefined);
    await client.connect();
  } catch (error) {
    const why = messageOf(error) || ((error as { code?: string }).code ?? "no answer");
    throw new CliError(
      "ConnectionFailed",
      `Cannot connect to ${shown}: ${hide(why, url)}. Check the address, the password, and whether this machine is allowed to connect.`,
    );
  }
  return {
    client,
    close: async () => {
      await client.end().catch(() => undefined);
    },
  };
}

/** The driver of the project, else one that this package can see: `pg` is installed by those who need it. */
async function loadDriver(root: string): Promise<Driver> {
  try {
    const entry = createRequire(path.join(root, "package.json")).resolve("pg");
    return driverOf((await import(pathToFileURL(entry).href)) as DriverModule);
  } catch {
    try {
      return driverOf(await import("pg"));
    } catch (error) {
      throw new CliError(
        "DriverMissing",
        `Reading a Postgres database needs its driver: ${(await packageManagerOf(root)).addDev} pg`,
        { cause: error },
      );
    }
  }
}

type DriverModule = Partial<Driver> & { default?: Driver };

function driverOf(module: DriverModule): Driver {
  return (module.default ?? module) as Driver;
}

/** A connection string as it may be shown: without its password. */
function withoutSecrets(url: string): string {
  try {
    const parsed = new URL(url);
    const user = parsed.username === "" ? "" : `${parsed.username}@`;
    return `${parsed.protocol}//${user}${parsed.host}${parsed.pathname}`;
  } catch {
    return "the database";
  }
}

/** A message without whatever the connection string holds: parsers like to quote it. */
function hide(message: string, url: string): string {
  const password = /:\/\/[^/?#]*?:([^@]*)@/.exec(url)?.[1] ?? "";
  const secrets = [url, password, decoded(password)].filter((secret) => secret !== "");
  return secrets.reduce((text, secret) => text.replaceAll(secret, "…"), message).replace(/\.$/, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
