import { CliError } from "./exit.js";
import type { Io } from "./io.js";
import { visible } from "./output.js";

/**
 * Asks a person, who may say no; `suggested` is what Enter alone means.
 * @throws the refusal `nobody` where there is no terminal to ask on; CliError when the answer is no
 */
export async function ask(
  io: Io,
  message: string,
  {
    json,
    nobody,
    declined,
    suggested = false,
  }: { json: boolean; nobody: CliError; declined: string; suggested?: boolean },
): Promise<void> {
  if (io.stdin.isTTY !== true || json) throw nobody;
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({
    message: visible(message),
    initialValue: suggested,
    input: io.stdin,
    output: io.stdout,
  });
  if (isCancel(answer)) throw new CliError("Interrupted", declined);
  if (!answer) throw new CliError("Declined", declined);
}
