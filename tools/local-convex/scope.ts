/**
 * Per-function surroundings that convex-test does not separate: which component is running decides what `process.env`
 * shows, and `console` output belongs to the function that wrote it.
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { formatWithOptions } from "node:util";
import { PlatformError, uncaught } from "./uncaught.js";

export type Env = Record<string, string>;

/** Log lines of one top-level call, returned to the caller as a deployment's dev mode does. */
export interface CallLog {
  lines: string[];
  open: boolean;
}

interface Scope {
  componentPath: string;
  functionName: string;
  /** What one call may take; unset for actions. */
  limits?: TimeLimits;
}

export interface TimeLimits {
  /** Seconds of processor time. */
  cpu: number;
  /** Seconds that the database takes, by the clock. */
  system: number;
}

/**
 * The processor time that a function spends on its own, and the time that the database takes for it. Nested calls have
 * clocks of their own.
 */
class Clock {
  #usedMs = 0;
  #systemMs = 0;
  #since: NodeJS.CpuUsage | null = process.cpuUsage();
  #paused = 0;

  constructor(readonly limits: TimeLimits) {}

  /** The function waits, or has ended. @throws PlatformError when its time is used up */
  pause(): void {
    if (this.#since === null) return;
    const { user, system } = process.cpuUsage(this.#since);
    this.#since = null;
    this.#paused = performance.now();
    this.#usedMs += (user + system) / 1000;
    if (this.#usedMs <= this.limits.cpu * 1000) return;
    throw new PlatformError(`Function execution timed out (maximum duration: ${String(this.limits.cpu)}s)`);
  }

  /**
   * The function goes on: after the first answer of those it waits for together, so that time counts once.
   * @throws PlatformError when the database has taken too long for it
   */
  resume(waitedForDatabase: boolean): void {
    if (this.#since !== null) return;
    if (waitedForDatabase) this.#systemMs += performance.now() - this.#paused;
    this.#since = process.cpuUsage();
    if (this.#systemMs <= this.limits.system * 1000) return;
    throw new PlatformError("Your request timed out.", "SystemTimeoutError", 503);
  }
}

const scopeStorage = new AsyncLocalStorage<Scope & { clock?: Clock }>();
const callLogStorage = new AsyncLocalStorage<CallLog>();

/**
 * Work started from inside a function would inherit convex-test's transaction, component and auth contexts. Whatever
 * the server itself schedules leaves them through this resource, made at module load where there are none.
 */
const outside = new AsyncResource("local-convex");
export function runOutsideFunctions<T>(work: () => T): T {
  return outside.runInAsyncScope(work);
}

export async function withCallLog<T>(log: CallLog, work: () => Promise<T>): Promise<T> {
  try {
    return await callLogStorage.run(log, work);
  } finally {
    // A scheduled function inherits this context; it must not keep filling a log nobody reads any more.
    log.open = false;
  }
}

export type FunctionLogger = (line: string) => void;

type Handler = (ctx: unknown, args: unknown) => unknown;

/** The clock of the function that runs, if its time is limited. */
export function currentClock(): Clock | undefined {
  return scopeStorage.getStore()?.clock;
}
/** The component whose function runs. */
export function currentComponentPath(): string {
  return scopeStorage.getStore()?.componentPath ?? "";
}

/** Runs a handler as the function that it is: what it throws leaves it in the backend's form. */
export function inScope(scope: Scope, logger: FunctionLogger, handler: Handler): Handler {
  return (ctx, args) => {
    const clock = scope.limits === undefined ? undefined : new Clock(scope.limits);
    return scopeStorage.run({ ...scope, clock }, async () => {
      // convex-test gives every handler its own set of replaceable globals, so this stays within this call.
      globalThis.console = functionConsole(scope, logger);
      try {
        const result = await handler(ctx, args);
        clock?.pause();
        return result;
      } catch (error) {
        throw uncaught(error, scope.functionName);
      }
    });
  };
}

const LEVELS = { log: "LOG", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR" } as const;

function functionConsole(scope: Scope, logger: FunctionLogger): Console {
  const write =
    (level: string) =>
    (...args: unknown[]) => {
      const text = `[${level}] ${args.map((arg) => formatWithOptions({ depth: 4 }, typeof arg === "string" ? "'%s'" : "%O", arg)).join(" ")}`;
      const log = callLogStorage.getStore();
      if (log?.open === true) log.lines.push(text);
      const where = scope.componentPath === "" ? "" : `${scope.componentPath}/`;
      logger(`[${where}${scope.functionName}] ${text}`);
    };
  const methods = Object.fromEntries(Object.entries(LEVELS).map(([name, level]) => [name, write(level)]));
  return Object.assign(Object.create(console) as Console, methods);
}

let environments: ReadonlyMap<string, Env> = new Map();
let envInstalled = false;

/** What functions see as `process.env`, by component path. Replaces what was there before. */
export function setEnvironments(next: ReadonlyMap<string, Env>): void {
  environments = next;
  if (envInstalled) return;
  envInstalled = true;
  const host = process.env;
  const current = (): NodeJS.ProcessEnv => {
    const scope = scopeStorage.getStore();
    return scope === undefined ? host : (environments.get(scope.componentPath) ?? {});
  };
  // Bundles capture the object (`export const env = process.env`) at import, so it has to decide on every access.
  process.env = new Proxy(host, {
    get: (_, name) => (typeof name === "string" ? current()[name] : undefined),
    has: (_, name) => name in current(),
    ownKeys: () => Reflect.ownKeys(current()),
    getOwnPropertyDescriptor: (_, name) => {
      const value = typeof name === "string" ? current()[name] : undefined;
      return value === undefined
        ? undefined
        : { value, writable: true, enumerable: true, configurable: true };
    },
    set: (_, name, value) => scopeStorage.getStore() === undefined && Reflect.set(host, name, value),
    deleteProperty: (_, name) => scopeStorage.getStore() === undefined && Reflect.deleteProperty(host, name),
  });
}
