import pc from "picocolors";
import { EXIT, type ExitCode } from "../terminal/exit.js";
import { print } from "../terminal/output.js";
import type { Check } from "./check.js";
import { examine, type DoctorOptions } from "./doctor.js";

/** `streaming-import doctor`. @returns 1 when there is an error, else 0: warnings leave an import working */
export async function runDoctor(
  root: string,
  options: DoctorOptions & { json?: boolean },
): Promise<ExitCode> {
  const { json, ...rest } = options;
  const checks = await examine(root, rest);
  const errors = checks.filter(({ level }) => level === "error").length;
  print(json, { ok: errors === 0, checks }, () => describe(checks));
  return errors === 0 ? EXIT.ok : EXIT.failure;
}

const MARKS = { ok: pc.green("ok     "), warning: pc.yellow("warning"), error: pc.red("error  ") };

function describe(checks: readonly Check[]): string {
  const lines = checks.map(({ level, code, message, fix }) => {
    if (fix === null) return `${MARKS[level]}  ${message}`;
    return `${MARKS[level]}  ${message} ${pc.dim(`(${code})`)}\n${indented(fix)}`;
  });
  const count = (level: Check["level"], word: string) => {
    const number = checks.filter((check) => check.level === level).length;
    return number === 0 ? [] : [`${String(number)} ${word}${number === 1 ? "" : "s"}`];
  };
  const found = [...count("error", "error"), ...count("warning", "warning")];
  const summary = found.length === 0 ? pc.green("All is well.") : found.join(", ");
  return `${lines.join("\n")}\n\n${summary}`;
}

function indented(fix: string): string {
  return fix
    .split("\n")
    .map((line, i) => `         ${i === 0 ? pc.cyan("→ ") : "  "}${line}`)
    .join("\n");
}
