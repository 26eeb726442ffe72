/**
 * Deletes what earlier builds left in dist and no source makes any more. A module of the component that is gone must
 * not be pushed with it.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./commands.js";

const DIST = path.join(ROOT, "dist");

for (const file of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  const source = /^(.+?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(file)?.[1];
  if (source === undefined) continue;
  if (![".ts", ".tsx"].some((ending) => existsSync(path.join(ROOT, source + ending))))
    rmSync(path.join(DIST, file));
}
