import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.interval("prune what is past its time", { hours: 1 }, internal.maintenance.prune, {});
crons.interval("find what nobody recorded for readers", { hours: 24 }, internal.reconcile.daily, {});

export default crons;
