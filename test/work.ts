import { Session } from "node:inspector/promises";

/** Counts how often blocks of our own code run: the same on every machine, unlike the time that they take. */
export class WorkMeter {
  readonly #session = new Session();

  /** Functions that are compiled from now on are counted: start it before the first run. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  async stop(): Promise<void> {
    await this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }

  async workOf(run: () => unknown): Promise<number> {
    await this.#session.post("Profiler.takePreciseCoverage");
    await run();
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    return result
      .filter(({ url }) => /\/(?:src|convex)\/[^?]*\.ts/.test(url) && !url.includes("/node_modules/"))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
      .reduce((sum, count) => sum + count, 0);
  }
}
