import { ApiError } from "../../api/apiError.js";
import type { V1Client } from "../../api/client.js";
import type { MirrorInfo } from "../../../core/wire/v1.js";
import type { TokenInfo } from "../../../core/wire/views.js";
import { type Check, error, named, ok, warning } from "../check.js";

/** Whether `STREAMING_IMPORT_TOKEN` is known, and opens the mirrors of schema.ts for writing. */
export async function checkToken(
  client: V1Client,
  local: readonly MirrorInfo[] | null,
  exec: string,
): Promise<Check[]> {
  let open: MirrorInfo[];
  try {
    open = await client.mirrors();
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    const fix = `${exec} streaming-import token create <name> --mirror <mirror>, and set STREAMING_IMPORT_TOKEN to it.`;
    return [error("token-valid", `STREAMING_IMPORT_TOKEN is refused: ${thrown.message}`, fix)];
  }
  const valid = ok("token-valid", "STREAMING_IMPORT_TOKEN is accepted.");
  const closed = (local ?? []).filter(({ name }) => !open.some((mirror) => mirror.name === name));
  const first = open[0];
  const writing = first === undefined ? null : await client.canWrite(first.name);
  const widen = `Make one that does: ${exec} streaming-import token create <name> --mirror <mirror>.`;
  if (closed.length > 0) {
    const message = `STREAMING_IMPORT_TOKEN does not open ${named(closed.map(({ name }) => name))}.`;
    return [valid, warning("token-scope", message, widen)];
  }
  // A paused mirror refuses everybody, and is another check's matter.
  if (writing?.ok === false && writing.status === 403)
    return [
      valid,
      warning("token-scope", "STREAMING_IMPORT_TOKEN may only read: push is refused with it.", widen),
    ];
  return [valid, ok("token-scope", "STREAMING_IMPORT_TOKEN opens every mirror of schema.ts for writing.")];
}

/** Whether each mirror has a connector's token that opens it, and no token names a mirror that is gone. */
export function checkConnectorTokens(
  tokens: readonly TokenInfo[],
  deployed: readonly MirrorInfo[],
  nowMs: number,
  exec: string,
): Check[] {
  const code = "connector-tokens";
  const active = tokens.filter(({ endsAt }) => endsAt === null || Date.parse(endsAt) > nowMs);
  const names = deployed.map(({ name }) => name);
  const opened = new Set(active.filter(({ access }) => access === "write").flatMap(({ mirrors }) => mirrors));
  const closed = opened.has("*") ? [] : names.filter((name) => !opened.has(name));
  const stray = active.flatMap(({ name, mirrors }) => {
    const gone = mirrors.filter((mirror) => mirror !== "*" && !names.includes(mirror));
    return gone.length === 0 ? [] : [{ name, gone }];
  });
  const found = [
    ...(closed.length === 0
      ? []
      : [
          warning(
            code,
            `No token opens ${named(closed)} for writing: no connector can deliver.`,
            `${exec} streaming-import token create <connector> ${closed.map((name) => `--mirror ${name}`).join(" ")}`,
          ),
        ]),
    ...stray.map(({ name, gone }) =>
      warning(
        code,
        `The token "${name}" names ${named(gone)}, which the deployed schema does not declare.`,
        `Make another one with the mirrors that there are, and: ${exec} streaming-import token revoke ${name}`,
      ),
    ),
  ];
  return found.length > 0 ? found : [ok(code, "Every mirror has a token that opens it for writing.")];
}
