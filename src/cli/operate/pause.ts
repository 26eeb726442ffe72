import type { CommonOptions } from "../deployment/options.js";
import { print } from "../terminal/output.js";
import { openSession } from "../deployment/session.js";

export async function pause(mirror: string, options: CommonOptions & { reason?: string }): Promise<void> {
  const { reason } = options;
  await openSession(options).admin.call("pause", { mirror, ...(reason !== undefined && { reason }) });
  print(
    options.json,
    { mirror, paused: true },
    () => `"${mirror}" is paused: deliveries are refused until it is resumed.`,
  );
}

export async function resume(mirror: string, options: CommonOptions): Promise<void> {
  await openSession(options).admin.call("resume", { mirror });
  print(options.json, { mirror, paused: false }, () => `"${mirror}" takes deliveries again.`);
}
