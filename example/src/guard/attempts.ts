import type { ConvexReactClient } from "convex/react";
import { api } from "../../convex/_generated/api";
import verdicts from "./verdicts.json";

/** Where a layer refuses a program, and what it says. */
export interface Refusal {
  line: number;
  name: string;
  message: string;
}

/** A program that tries to write a mirror: `example/attempts/<name>.ts`. */
interface Program {
  name: keyof typeof verdicts.attempts;
  title: string;
  /** How it means to get past the guard. */
  idea: string;
  /** The function that was deployed of it; without one, nothing but the gate before the deploy stops it. */
  run: ((convex: ConvexReactClient) => Promise<null>) | null;
}

export type Attempt = Program & { code: string; types: Refusal[]; eslint: Refusal[]; gate: Refusal[] };

const PROGRAMS: readonly Program[] = [
  {
    name: "direct",
    title: "Insert a row",
    idea: "As one writes any other table.",
    run: (convex) => convex.mutation(api.attempts.direct, {}),
  },
  {
    name: "byId",
    title: "Patch a row by its id",
    idea: "No table is named; the id says which it is.",
    run: (convex) => convex.mutation(api.attempts.byId, {}),
  },
  {
    name: "dynamicName",
    title: "Let the client name the table",
    idea: "A cast calls it “notes”. What arrives is “flights”.",
    run: (convex) => convex.mutation(api.attempts.dynamicName, { table: "flights" }),
  },
  {
    name: "untyped",
    title: "Hide the writer behind any",
    idea: "The compiler gives up. Two layers are left.",
    run: (convex) => convex.mutation(api.attempts.untyped, {}),
  },
  {
    name: "viaAction",
    title: "Go through an action",
    idea: "The action is innocent. The mutation that it calls is not.",
    run: (convex) => convex.action(api.attempts.viaAction, {}),
  },
  {
    name: "rawBuilder",
    title: "Take Convex’s own builder",
    idea: "Its ctx.db is not guarded, so this must not be deployed.",
    run: null,
  },
];

/** The programs with what the compiler and ESLint said about them when `verdicts.json` was generated. */
export const ATTEMPTS: readonly Attempt[] = PROGRAMS.map((program) => ({
  ...program,
  ...verdicts.attempts[program.name],
}));

export const TYPESCRIPT = verdicts.typescript;

/** The last of the list is no program. */
export const DASHBOARD = "dashboard";
