import { type Admin, openAdmin } from "../../deployment/admin.js";
import { V1Client } from "../../api/client.js";
import { ONE_ATTEMPT } from "../../api/retry.js";
import {
  type Deployment,
  type DeploymentOptions,
  findDeployment,
  KEY_WITHHELD,
  readVariables,
} from "../../deployment/environment.js";
import { messageOf } from "../../terminal/exit.js";
import type { MirrorInfo } from "../../../core/wire/v1.js";
import type { MirrorStatus, TokenInfo, UnknownStream } from "../../../core/wire/views.js";
import type { Project } from "../../project/project.js";
import { borrowToken } from "../../deployment/token.js";
import { type Check, error, ok, warning } from "../check.js";
import { checkMirrorStates, checkSchema, checkStreams } from "./mirrors.js";
import { checkReachable, checkRoutesReachable } from "./reach.js";
import type { SetUp } from "./setup.js";
import { checkConnectorTokens, checkToken } from "./tokens.js";
import type { Place } from "../../terminal/io.js";

export interface LiveOptions {
  project: Project;
  setUp: SetUp;
  options: DeploymentOptions;
  /** This machine's clock, in milliseconds. */
  now: () => number;
  place: Place;
}

/** What the deployment says. A check whose ground another one has found missing is left out. */
export async function checkDeployment({
  project,
  setUp,
  options,
  now,
  place,
}: LiveOptions): Promise<Check[]> {
  const variables = readVariables(place);
  const named = options.module ?? variables("STREAMING_IMPORT_MODULE") ?? setUp.module;
  const deployment = findDeployment({ ...options, ...(named !== null && { module: named }) }, variables);
  const { exec } = project.packageManager;
  if (deployment.url === null && deployment.name === null && deployment.siteUrl === null) {
    const message =
      "No deployment is configured: CONVEX_DEPLOYMENT, CONVEX_URL and CONVEX_SELF_HOSTED_URL are not set.";
    return [error("deployment-configured", message, `${exec} convex dev, which writes .env.local.`)];
  }
  const configured = ok("deployment-configured", `The deployment is ${placeOf(deployment)}.`);
  const reachable = await checkReachable(deployment);
  if (reachable?.level === "error") return [configured, reachable];
  return [
    configured,
    ...(reachable === null ? [] : [reachable]),
    ...(await checkFunctions({ setUp, deployment, now, exec, place })),
  ];
}

function placeOf({ url, siteUrl, name }: Deployment): string {
  return url ?? siteUrl ?? name ?? "unknown";
}

interface Context {
  setUp: SetUp;
  deployment: Deployment;
  now: () => number;
  exec: string;
  place: Place;
}

async function checkFunctions({ setUp, deployment, now, exec, place }: Context): Promise<Check[]> {
  const { schema, prefixes } = setUp;
  const local = schema?.mirrors ?? null;
  const deploy = `${exec} convex dev, or ${exec} convex deploy`;
  const checks: Check[] = [];
  const admin = adminOf(place, deployment);
  if (deployment.isKeyWithheld)
    checks.push(
      warning(
        "functions-deployed",
        "Most of the deployment cannot be checked without its key.",
        KEY_WITHHELD,
      ),
    );
  if (admin !== null) {
    const deployed = await checkDeployed(admin, deployment, schema?.exported ?? [], deploy);
    checks.push(...deployed);
    if (deployed.some(({ code, level }) => code === "functions-deployed" && level === "error")) return checks;
  }
  const routes = await checkRoutesReachable(deployment, prefixes, deploy, now);
  checks.push(...routes.checks);
  const { api } = routes;
  if (api === null) return checks;

  const client = (token: string) => new V1Client({ url: api, token, retry: ONE_ATTEMPT });
  if (deployment.token !== null) checks.push(...(await checkToken(client(deployment.token), local, exec)));
  if (admin === null) return checks;

  const seen = await look(place, admin, deployment, client);
  return [
    ...checks,
    ...(local === null ? [] : checkSchema(local, seen.contracts, deploy)),
    ...checkMirrorStates(seen.status, exec),
    checkStreams(seen.unknown),
    ...checkConnectorTokens(
      seen.tokens,
      seen.status.filter(({ state }) => state !== "removed"),
      now(),
      exec,
    ),
  ];
}

/** The operator's access, or null where only a token (or nothing) is at hand. */
function adminOf(place: Place, deployment: Deployment): Admin | null {
  return deployment.name !== null || (deployment.url !== null && deployment.adminKey !== null)
    ? openAdmin(place, deployment)
    : null;
}

async function checkDeployed(
  admin: Admin,
  { module }: Deployment,
  exported: readonly string[],
  deploy: string,
): Promise<Check[]> {
  const code = "functions-deployed";
  let called = "declare";
  try {
    await admin.call(called);
    called = "rows";
    const undeployed: string[] = [];
    for (const table of exported) if (!(await isExportDeployed(admin, table))) undeployed.push(table);
    return [
      ok(code, `The functions of "${module}" are deployed.`),
      ...undeployed.map((table) =>
        error(
          "schema-deployed",
          `The deployment does not export "${table}", which schema.ts exports.`,
          deploy,
        ),
      ),
    ];
  } catch (thrown) {
    const message = messageOf(thrown);
    if (/no function|Could not find/.test(message))
      return [error(code, `The deployment has no function ${module}:${called}.`, deploy)];
    // What `declare` says of the others.
    if (/does not export/.test(message)) return [error(code, message, deploy)];
    return [
      error(
        code,
        `The deployment refuses its operator: ${message}`,
        "Set CONVEX_DEPLOY_KEY or CONVEX_SELF_HOSTED_ADMIN_KEY to this deployment's key, or log in with the Convex CLI.",
      ),
    ];
  }
}

/** Asks the function that reads exported tables for no row. */
async function isExportDeployed(admin: Admin, table: string): Promise<boolean> {
  try {
    await admin.call("rows", { table, ids: [], maxBytes: 0 });
    return true;
  } catch (thrown) {
    if (messageOf(thrown).includes("is not an exported table")) return false;
    throw thrown;
  }
}

/** What is asked of the deployment with its key, and (to see the contracts) with a token that is revoked at once. */
async function look(place: Place, admin: Admin, deployment: Deployment, client: (token: string) => V1Client) {
  const { token, giveBack } = await borrowToken(place, { ...deployment, token: null }, ["*"], "read");
  let contracts: MirrorInfo[];
  try {
    contracts = await client(token).mirrors();
  } finally {
    await giveBack();
  }
  // The request above has brought the registry in step with the deployed schema.
  const status = await admin.component<MirrorStatus[]>("registry:list", { exact: true });
  const unknown = await admin.component<UnknownStream[]>("unknownStreams:list");
  const tokens = await admin.component<TokenInfo[]>("tokens:list");
  return { contracts, status, unknown, tokens };
}
