import type { AppMirror, AppMirrors } from "../mirrors.js";

/** The mirrors that a token opens. */
export function mirrorsOpenTo(token: { mirrors: readonly string[] }, mirrors: AppMirrors): AppMirror[] {
  return mirrors.all.filter(({ name }) => token.mirrors.includes("*") || token.mirrors.includes(name));
}
