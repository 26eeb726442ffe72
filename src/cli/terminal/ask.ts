import { CliError, EXIT } from "./exit.js";
import type { Io } from "./io.js";

/**
 * Asks a person, who may say no.
 * @throws the refusal `nobody` where there is no terminal to ask on; CliError when the answer is no
 */
export async function ask(
  io: Io,
  message: string,
  { json, nobody, declined }: { json: boolean; nobody: CliError; declined: string },
): Promise<void> {
  if (io.stdin.isTTY !== true || json) throw nobody;
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message, initialValue: false, input: io.stdin, output: io.stdout });
  if (isCancel(answer)) throw new CliError(declined, EXIT.interrupted);
  if (!answer) throw new CliError(declined);
}
