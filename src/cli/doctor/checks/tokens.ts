import { ApiError } from "../../api/apiError.js";
import type { V1Client } from "../../api/client.js";
import type { MirrorInfo } from "../../../core/wire/v1.js";
import { isTemporaryToken } from "../../../core/token.js";
import type { MirrorStatus, TokenInfo } from "../../../core/wire/views.js";
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

/**
 * Whether each mirror has a connector's token that opens it, and no token names a mirror that is gone. A mirror whose
 * rows came without a connector's token is filled by `push`, which makes a token for itself: it needs no other.
 */
export function checkConnectorTokens(
  tokens: readonly TokenInfo[],
  deployed: readonly Pick<MirrorStatus, "name" | "lastAppliedAt">[],
  nowMs: number,
  exec: string,
): Check[] {
  const code = "connector-tokens";
  const [active, ended] = [true, false].map((isActive) =>
    tokens.filter(({ endsAt }) => (endsAt === null || Date.parse(endsAt) > nowMs) === isActive),
  ) as [TokenInfo[], TokenInfo[]];
  const names = deployed.map(({ name }) => name);
  const opened = writableBy(active);
  const wereOpened = writableBy(ended.filter(({ name }) => !isTemporaryToken(name)));
  const closed = deployed.filter(({ name }) => !opens(opened, name));
  const lost = closed.filter(({ name }) => opens(wereOpened, name)).map(({ name }) => name);
  const empty = closed
    .filter(({ name, lastAppliedAt }) => lastAppliedAt === null && !lost.includes(name))
    .map(({ name }) => name);
  const create = (mirrors: readonly string[]) =>
    `${exec} streaming-import token create <connector> ${mirrors.map((name) => `--mirror ${name}`).join(" ")}`;
  const stray = active.flatMap(({ name, mirrors }) => {
    const gone = mirrors.filter((mirror) => mirror !== "*" && !names.includes(mirror));
    return gone.length === 0 ? [] : [{ name, gone }];
  });
  const found = [
    ...(lost.length === 0
      ? []
      : [
          warning(code, `No token opens ${named(lost)} for writing: no connector can deliver.`, create(lost)),
        ]),
    ...(empty.length === 0
      ? []
      : [
          warning(
            code,
            `Nothing has arrived for ${named(empty)} yet, and no token lets a connector deliver.`,
            `From a file: ${exec} streaming-import push <file> --mirror ${empty[0]!}\nFrom a connector: ${create(empty)}`,
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
  if (found.length > 0) return found;
  const pushed = closed.map(({ name }) => name);
  return [
    ok(
      code,
      pushed.length === 0
        ? "Every mirror has a token that opens it for writing."
        : `Every mirror that a connector fills has a token. The command fills ${named(pushed)}.`,
    ),
  ];
}

/** The mirrors that tokens open for writing; "*" stands for all. */
function writableBy(tokens: readonly TokenInfo[]): ReadonlySet<string> {
  return new Set(tokens.filter(({ access }) => access === "write").flatMap(({ mirrors }) => mirrors));
}

function opens(opened: ReadonlySet<string>, mirror: string): boolean {
  return opened.has("*") || opened.has(mirror);
}
