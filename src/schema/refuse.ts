/** Refuses a declaration at definition time, so that `npx convex dev` does not push it. */
export function refuse(message: string): never {
  throw new Error(`mirrorTable: ${message}`);
}

/** How a message shows what somebody wrote in the place of something else. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
