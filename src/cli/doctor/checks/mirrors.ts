import { count, RESENDING } from "../../../core/words.js";
import { isDeepStrictEqual } from "node:util";
import type { MirrorInfo } from "../../../core/wire/v1.js";
import type { MirrorStatus, UnknownStream } from "../../../core/wire/views.js";
import { type Check, error, named, ok, warning } from "../check.js";

/** Whether the deployment has the mirrors of schema.ts, and as schema.ts has them. */
export function checkSchema(
  local: readonly MirrorInfo[],
  deployed: readonly MirrorInfo[],
  deploy: string,
): Check[] {
  const code = "schema-deployed";
  const [ours, theirs] = [byName(local), byName(deployed)];
  const found = [
    ...[...ours.keys()]
      .filter((name) => !theirs.has(name))
      .map((name) => error(code, `The mirror "${name}" of schema.ts is not deployed.`, deploy)),
    ...[...theirs.keys()]
      .filter((name) => !ours.has(name))
      .map((name) =>
        error(
          code,
          `The mirror "${name}" is deployed, but not in schema.ts.`,
          `Add it to schema.ts, or remove it there, too: ${deploy}`,
        ),
      ),
    ...[...ours].flatMap(([name, mine]) => {
      const other = theirs.get(name);
      const differing = other === undefined ? [] : differences(mine, other);
      return differing.length === 0
        ? []
        : [
            error(
              code,
              `The mirror "${name}" is deployed with a different ${differing.join(", ")} than in schema.ts.`,
              deploy,
            ),
          ];
    }),
  ];
  return found.length > 0 ? found : [ok(code, "The deployed mirrors match schema.ts.")];
}

function byName(mirrors: readonly MirrorInfo[]): Map<string, MirrorInfo> {
  return new Map(mirrors.map((mirror) => [mirror.name, mirror]));
}

/** What differs, in the words of `mirrorTable`; of fields, their names. What the deployment does not tell is not compared. */
function differences(mine: MirrorInfo, theirs: MirrorInfo): string[] {
  const keys = (Object.keys(theirs) as (keyof MirrorInfo)[]).filter(
    (key) => key in mine && !isDeepStrictEqual(mine[key], theirs[key]),
  );
  return keys.map((key) => {
    if (key !== "fields") return key;
    const [a, b] = [mine.fields ?? {}, theirs.fields ?? {}];
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
      (name) => !isDeepStrictEqual(a[name], b[name]),
    );
    return `fields (${names.join(", ")})`;
  });
}

/** Whether the mirrors are as fresh as they should be, and nothing of them waits. */
export function checkMirrorStates(mirrors: readonly MirrorStatus[], exec: string): Check[] {
  const stale = mirrors.flatMap((mirror) => [...checkState(mirror, exec), ...checkResending(mirror, exec)]);
  const waiting = mirrors
    .filter(({ quarantined }) => quarantined > 0)
    .map(({ name, quarantined }) =>
      warning(
        "quarantine-empty",
        `${count(quarantined, "row")} of "${name}" ${quarantined === 1 ? "waits" : "wait"} in quarantine.`,
        `${exec} streaming-import quarantine list ${name}, fix the schema or the source, then quarantine replay ${name}.`,
      ),
    );
  return [
    ...(stale.length > 0 ? stale : [ok("mirrors-fresh", "No mirror is late, stale, failed or paused.")]),
    ...(waiting.length > 0 ? waiting : [ok("quarantine-empty", "Nothing waits in quarantine.")]),
  ];
}

function checkState({ name, state, reason }: MirrorStatus, exec: string): Check[] {
  const code = "mirrors-fresh";
  switch (state) {
    case "failed":
      return [error(code, `"${name}" has failed: ${reason}`, `${exec} streaming-import runs ${name}`)];
    case "stale":
    case "late": {
      const make = state === "stale" ? error : warning;
      const fix = "Check whether its connector runs and what it reports, or raise expectEvery in schema.ts.";
      return [make(code, `"${name}" is ${state}: ${reason}`, fix)];
    }
    case "sweepHeld":
      return [warning(code, `"${name}": ${reason}`, `${exec} streaming-import sweep ${name}`)];
    case "paused":
      return [warning(code, `"${name}" is paused: ${reason}`, `${exec} streaming-import resume ${name}`)];
    default:
      return [];
  }
}

/** Rows that an audit found wrong stay so until the source sends them again. */
function checkResending({ name, resending }: MirrorStatus, exec: string): Check[] {
  if (!resending) return [];
  return [
    warning(
      "mirrors-fresh",
      `"${name}": ${RESENDING}`,
      `${exec} streaming-import push <file> --mirror ${name}, or start a sync in its connector.`,
    ),
  ];
}

/** Whether every stream that connectors send has a mirror. */
export function checkStreams(unknown: readonly UnknownStream[]): Check {
  const code = "streams-known";
  if (unknown.length === 0) return ok(code, "Every stream that connectors send has a mirror.");
  return warning(
    code,
    `Connectors send ${named(unknown.map(({ stream }) => stream))}, which have no mirror.`,
    `Deselect them in the connector, or add to schema.ts:\n${unknown.map(({ snippet }) => snippet).join("\n")}`,
  );
}
