import { expand, type Variables } from "./expand.js";
import { differences } from "./match.js";
import { bucketsOf } from "./rows.js";
import type { RequestStep, RowsStep, Scenario, Step } from "./scenario.js";
import { send, type Answer, type FilledRequest, type Target } from "./target.js";

/** What became of a scenario. */
export interface Result {
  name: string;
  outcome: "passed" | "failed" | "skipped";
  /** Why it failed, or was skipped: a sentence for each thing. */
  problems: string[];
}

/** What the runner has to know of a mirror. */
interface KnownMirror {
  name: string;
  primaryKey: string[] | null;
}

/** How long a sweep of a few rows may take, in milliseconds, and the first and the longest pause between questions. */
const PATIENCE_MS = 60_000;
const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 500;

/** Runs scenarios against a deployment, one after another. */
export class Runner {
  #mirrors: Map<string, KnownMirror> | null = null;

  constructor(
    private readonly target: Target,
    /** Differs in every execution: see `nonce` in expand.ts. */
    private readonly nonce: () => string = () => Math.random().toString(36).slice(2, 10),
  ) {}

  async run(scenario: Scenario): Promise<Result> {
    const { name } = scenario;
    const reason = this.#reasonToSkip(scenario);
    if (reason !== null) return { name, outcome: "skipped", problems: [reason] };
    let at = "before the first step";
    try {
      for (const mirror of scenario.mirrors) await this.#empty(mirror);
      const variables: Record<string, unknown> = { nonce: this.nonce(), now: Date.now() };
      for (const [i, step] of scenario.steps.entries()) {
        at = `step ${String(i + 1)}${titleOf(step)}`;
        const problems = await this.#step(step, variables);
        if (problems.length > 0) {
          return { name, outcome: "failed", problems: problems.map((problem) => `${at}: ${problem}`) };
        }
      }
    } catch (error) {
      return {
        name,
        outcome: "failed",
        problems: [`${at}: ${error instanceof Error ? error.message : String(error)}`],
      };
    }
    return { name, outcome: "passed", problems: [] };
  }

  #reasonToSkip({ needs = [] }: Scenario): string | null {
    return needs.includes("otherToken") && this.target.otherToken === undefined
      ? "It needs a second token, which opens conformance_scoped only: give it with --other-token."
      : null;
  }

  async #step(step: Step, variables: Record<string, unknown>): Promise<string[]> {
    if ("request" in step) return await this.#request(step, variables);
    if ("rows" in step) return await this.#rows(step, variables);
    await this.#settled(step.wait);
    return [];
  }

  async #request(
    { request, expect, save = {} }: RequestStep,
    variables: Record<string, unknown>,
  ): Promise<string[]> {
    const answer = await send(this.target, expand(request, variables) as FilledRequest, expect.status);
    const problems = [
      ...differences(expect.status, answer.status, "status"),
      ...(expect.json === undefined ? [] : differences(expand(expect.json, variables), answer.json)),
      ...Object.entries(expect.headers ?? {}).flatMap(([name, value]) =>
        differences(expand(value, variables), answer.headers.get(name) ?? undefined, name),
      ),
      ...alwaysDemanded(answer),
    ];
    for (const [name, path] of Object.entries(save)) {
      variables[name] = valueAt(answer.json, path);
      if (variables[name] === undefined) problems.push(`The answer has no "${path}" to save.`);
    }
    if (problems.length > 0 && answer.status >= 400)
      problems.push(`The answer was ${JSON.stringify(answer.json)}.`);
    return problems;
  }

  async #rows({ rows }: RowsStep, variables: Variables): Promise<string[]> {
    const problems: string[] = [];
    for (const [mirror, templates] of Object.entries(rows)) {
      const expected = expand(templates, variables) as unknown[];
      const { primaryKey } = await this.#mirror(mirror);
      const body = { mirror, buckets: bucketsOf(primaryKey, expected) };
      const { equal, rows: found } = await this.#ask<{ equal: boolean; rows: number }>(
        "POST",
        "/v1/verify",
        body,
      );
      if (equal) continue;
      problems.push(
        `The rows of ${mirror} are not those expected: it has ${String(found)}, and these ${String(expected.length)} were expected: ${JSON.stringify(expected).slice(0, 500)}`,
      );
    }
    return problems;
  }

  /** Empties a mirror: by a refresh that brings nothing. */
  async #empty(mirror: string): Promise<void> {
    await this.#mirror(mirror);
    const { run } = await this.#ask<{ run: string }>("POST", "/v1/runs", { mirror, syncMode: "overwrite" });
    await this.#ask("POST", `/v1/runs/${run}/finish`, { outcome: "complete" });
    await this.#settled(mirror);
  }

  async #settled(mirror: string): Promise<void> {
    let pause = FIRST_POLL_MS;
    for (let waited = 0; waited < PATIENCE_MS; waited += pause) {
      const { mirrors } = await this.#ask<{ mirrors: { name: string; state: string; running: boolean }[] }>(
        "GET",
        "/v1/status",
      );
      const found = mirrors.find(({ name }) => name === mirror);
      if (found !== undefined && !found.running && found.state !== "snapshotting") return;
      pause = Math.min(pause * 2, MAX_POLL_MS);
      await this.target.sleep(pause);
    }
    throw new Error(`The mirror ${mirror} has not settled within a minute.`);
  }

  async #mirror(name: string): Promise<KnownMirror> {
    if (this.#mirrors === null) {
      const { mirrors } = await this.#ask<{ mirrors: KnownMirror[] }>("GET", "/v1/mirrors");
      this.#mirrors = new Map(mirrors.map((mirror) => [mirror.name, mirror]));
    }
    const known = this.#mirrors.get(name);
    if (known !== undefined) return known;
    throw new Error(
      `The token opens no mirror ${name}. Deploy those of scenarios/schema.ts, and make a token for all of them.`,
    );
  }

  async #ask<Reply>(method: "GET" | "POST", path: string, body?: object): Promise<Reply> {
    const answer = await send(this.target, { method, path, body }, 200);
    if (answer.status === 200) return answer.json as Reply;
    throw new Error(
      `${method} ${path} was answered with ${String(answer.status)} ${JSON.stringify(answer.json)}.`,
    );
  }
}

/** What every answer has to be like: counts add up, refusals say why, and those that mean "later" say when. */
function alwaysDemanded({ status, headers, json }: Answer): string[] {
  const problems: string[] = [];
  const { counts, code, message } = (typeof json === "object" && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  if (typeof counts === "object" && counts !== null) {
    const { received, ...became } = counts as Record<string, number>;
    const sum = Object.values(became).reduce((total, count) => total + count, 0);
    if (received !== sum)
      problems.push(`counts: ${String(received)} were received, but ${String(sum)} are accounted for.`);
  }
  if (status >= 400 && (typeof code !== "string" || typeof message !== "string" || message.length < 20)) {
    problems.push('A refusal has a "code", and a "message" that says what to do.');
  }
  if ((status === 429 || status === 503) && !/^\d+$/.test(headers.get("Retry-After") ?? "")) {
    problems.push("A refusal with 429 or 503 has Retry-After, in seconds.");
  }
  return problems;
}

function titleOf(step: Step): string {
  if (step.say !== undefined) return ` (${step.say})`;
  return "request" in step ? ` (${step.request.method} ${step.request.path})` : "";
}

function valueAt(json: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], json);
}
