/** Interval crons. Other schedules (hourly, daily, cron strings …) are reported at push and not run. */
import type { JSONValue } from "convex/values";
import type { Engine } from "./engine.js";

interface CronJob {
  name: string;
  args: JSONValue[];
  schedule: { type: string; seconds?: number; minutes?: number; hours?: number };
}
interface RunningCron {
  spec: string;
  timer: NodeJS.Timeout;
}

export class CronRunner {
  readonly #running = new Map<string, RunningCron>();

  constructor(readonly engine: Engine) {}

  /** Follows a push: new and changed crons start at once, like on a deployment; unchanged ones keep their rhythm. */
  update(): void {
    const wanted = new Set<string>();
    for (const component of this.engine.components().values()) {
      const jobs = cronJobs(component.modules.get("crons")?.default);
      for (const [identifier, job] of Object.entries(jobs)) {
        const id = `${component.path}:${identifier}`;
        const interval = intervalMs(job);
        if (interval === null) {
          this.engine.logger(`[cron ${id}] ${job.schedule.type} crons are not run by this server`);
          continue;
        }
        wanted.add(id);
        const spec = JSON.stringify(job);
        if (this.#running.get(id)?.spec === spec) continue;
        this.#stop(id);
        this.#running.set(id, { spec, timer: this.#start(id, component.path, job, interval) });
      }
    }
    for (const id of this.#running.keys()) if (!wanted.has(id)) this.#stop(id);
  }

  close(): void {
    for (const id of this.#running.keys()) this.#stop(id);
  }

  #stop(id: string): void {
    clearInterval(this.#running.get(id)?.timer);
    this.#running.delete(id);
  }

  #start(id: string, componentPath: string, job: CronJob, interval: number): NodeJS.Timeout {
    let busy = false;
    const run = async (): Promise<void> => {
      if (busy) return; // a late run is skipped, not queued
      busy = true;
      const [args] = job.args;
      const result = await this.engine.call({ componentPath, udfPath: job.name, args, admin: true });
      if (!result.ok) this.engine.logger(`[cron ${id}] ${result.errorMessage}`);
      busy = false;
    };
    void run();
    return setInterval(() => void run(), interval);
  }
}

function cronJobs(value: unknown): Record<string, CronJob> {
  const isCrons = typeof value === "object" && value !== null && "isCrons" in value && "crons" in value;
  return isCrons ? (value.crons as Record<string, CronJob>) : {};
}
function intervalMs({ schedule }: CronJob): number | null {
  if (schedule.type !== "interval") return null;
  return ((schedule.seconds ?? 0) + (schedule.minutes ?? 0) * 60 + (schedule.hours ?? 0) * 3600) * 1000;
}
