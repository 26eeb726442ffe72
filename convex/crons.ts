import { cronJobs } from "convex/server";
import { internal } from "./_generated/api.js";

const crons = cronJobs();

crons.interval("prune what is past its time", { hours: 1 }, internal.maintenance.prune, {});

export default crons;
