/** The endpoints behind `convex codegen`, `deploy`, `dev` and `env set`. All need the admin key. */
import { analyzePush, type AnalyzedPush } from "./analyze.js";
import { PushError } from "./analyzeModules.js";
import type { CronRunner } from "./crons.js";
import type { Engine } from "./engine.js";
import { type ApiRequest, badAdminKey, HttpError } from "./http.js";
import type { SchemaChange, SchemaStatus, StartPushRequest, StartPushResponse } from "./pushTypes.js";
import { indexDiffs, mismatch } from "./schemaChange.js";

interface StagedPush {
  id: string;
  push: AnalyzedPush;
}

export class DeployEndpoints {
  #staged: StagedPush | null = null;
  #installed: AnalyzedPush | null = null;
  #pushCount = 0;

  constructor(
    readonly engine: Engine,
    readonly crons: CronRunner,
  ) {}

  /** Answers undefined for paths that are not its own. */
  async handle(request: ApiRequest): Promise<{ status: number; body: unknown } | undefined> {
    const handler = this.#handlers[`${request.method} ${request.url.pathname}`];
    if (handler === undefined) return undefined;
    if (!request.auth.admin) throw badAdminKey();
    try {
      return { status: 200, body: await handler(request.json()) };
    } catch (error) {
      // The CLI retries 5xx; a mistake in the project has to come back as 4xx.
      if (error instanceof PushError) throw new HttpError(400, error.code, error.message);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#staged?.push.dispose(), this.#installed?.dispose()]);
  }

  readonly #handlers: Record<string, (body: Record<string, unknown>) => unknown> = {
    // No hashes: the CLI then always uploads every module.
    "POST /api/get_config_hashes": () => ({
      config: { functions: "convex/" },
      moduleHashes: [],
      nodeDependencies: [],
      udfServerVersion: null,
    }),
    "POST /api/deploy2/evaluate_push": async (body) => {
      const push = await analyzePush(body as unknown as StartPushRequest);
      await push.dispose();
      // Only asked for index deletions on large tables, which is no danger here.
      return { schemaChange: schemaChange("", {}) };
    },
    "POST /api/deploy2/start_push": (body) => this.#startPush(body as unknown as StartPushRequest),
    "POST /api/deploy2/wait_for_schema": (body) => this.#waitForSchema(body),
    "POST /api/deploy2/finish_push": (body) => this.#finishPush(body),
    "POST /api/deploy2/report_push_completed": () => ({}),
    "GET /api/v1/get_canonical_urls": () => ({
      convexCloudUrl: this.engine.urls.cloud,
      convexSiteUrl: this.engine.urls.site,
    }),
    "POST /api/update_environment_variables": (body) => {
      this.engine.updateEnv(body.changes as { name: string; value: string | null }[]);
      return null;
    },
    // `convex dev` polls for logs; they are on this server's own output (--verbose).
    "GET /api/stream_function_logs": async () => {
      await new Promise((resolve) => setTimeout(resolve, 5000).unref());
      return { entries: [], newCursor: 0 };
    },
  };

  async #startPush(request: StartPushRequest): Promise<StartPushResponse> {
    const push = await analyzePush(request);
    const id = String(++this.#pushCount);
    await this.#staged?.push.dispose();
    this.#staged = { id, push };
    return {
      environmentVariables: {},
      externalDepsId: null,
      componentDefinitionPackages: {},
      appAuth: [],
      analysis: push.analysis,
      app: push.app,
      schemaChange: schemaChange(id, indexDiffs(this.engine, push)),
    };
  }

  #waitForSchema(body: Record<string, unknown>): SchemaStatus {
    const staged = this.#find(body.schemaChange);
    return staged === null
      ? { type: "raceDetected" }
      : (mismatch(this.engine, staged.push) ?? { type: "complete" });
  }

  async #finishPush(body: Record<string, unknown>): Promise<unknown> {
    const staged = this.#find((body.startPush as Partial<StartPushResponse> | undefined)?.schemaChange);
    if (staged === null) throw new HttpError(400, "RaceDetected", "Schema was overwritten by another push.");
    const diff = { authDiff: { added: [], removed: [] }, definitionDiffs: {}, componentDiffs: {} };
    if (body.dryRun === true) return diff;
    const failed = mismatch(this.engine, staged.push);
    if (failed !== null) throw new HttpError(400, "SchemaDefinitionError", failed.error);
    await this.engine.install(staged.push);
    this.crons.update();
    this.#staged = null;
    await this.#installed?.dispose();
    this.#installed = staged.push;
    const components = [...this.engine.components().keys()].filter((path) => path !== "");
    this.engine.logger(
      `push installed${components.length > 0 ? `, with components ${components.join(", ")}` : ""}`,
    );
    return diff;
  }

  #find(change: unknown): StagedPush | null {
    const id = (change as Partial<SchemaChange> | undefined)?.schemaIds?.stagedPush;
    return this.#staged?.id === id ? this.#staged : null;
  }
}

function schemaChange(stagedPush: string, diffs: SchemaChange["indexDiffs"]): SchemaChange {
  return { allocatedComponentIds: {}, schemaIds: { stagedPush }, indexDiffs: diffs };
}
