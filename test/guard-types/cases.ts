import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** A line that the compilers must refuse. */
export interface Expectation {
  file: string;
  line: number;
  codes: string[];
  fragment: string;
}

/** One way to write a mirror, or to do something that only looks like it. */
export interface Case {
  id: string;
  name: string;
  truth: "bad" | "clean";
  file: string;
  /** Why the types let a bad case through, when they do. */
  notRefused: string | null;
  expectations: Expectation[];
}

const CASE = /^\s*\/\/ case (\w+) (\S+) \((bad|clean)\)$/;
const EXPECT = /\/\/ expect: error (TS\d+(?:\|TS\d+)*) "(.*)"$/;
const NOT_REFUSED = /^\s*\/\/ not refused: (.+)$/;

/** Reads the cases of all programs below `directory`, sorted by id. */
export function readCases(directory: string): Case[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.[jt]s$/.test(file),
  );
  return files
    .flatMap((file) =>
      casesOf(file.replaceAll(path.sep, "/"), readFileSync(path.join(directory, file), "utf8")),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function casesOf(file: string, text: string): Case[] {
  const cases: Case[] = [];
  const current = (line: number): Case => {
    const last = cases.at(-1);
    if (last === undefined) throw new Error(`${file}:${String(line)}: this mark is in no case`);
    return last;
  };
  text.split("\n").forEach((content, index) => {
    const line = index + 1;
    const [, id, name, truth] = CASE.exec(content) ?? [];
    if (id !== undefined && name !== undefined) {
      cases.push({ id, name, truth: truth as Case["truth"], file, notRefused: null, expectations: [] });
    }
    const [, codes, fragment] = EXPECT.exec(content) ?? [];
    if (codes !== undefined && fragment !== undefined) {
      current(line).expectations.push({ file, line: line + 1, codes: codes.split("|"), fragment });
    }
    const [, reason] = NOT_REFUSED.exec(content) ?? [];
    if (reason !== undefined) current(line).notRefused = reason;
  });
  return cases;
}
