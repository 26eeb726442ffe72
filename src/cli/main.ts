#!/usr/bin/env node
import { main } from "./program.js";
import { EXIT } from "./terminal/exit.js";
import { processIo } from "./terminal/io.js";
import { startSpinner } from "./terminal/spinner.js";

// Nobody reads any more (`| head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.failure);
  throw error;
});

const isSeen = process.stderr.isTTY && process.stdout.isTTY && process.env.TERM !== "dumb";
const stopSpinner = isSeen
  ? startSpinner(process.stderr, [process.stdout], () => process.stdin.isTTY && process.stdin.isRaw)
  : null;
const code = await main(process.argv.slice(2), processIo());
stopSpinner?.();
// What is written has to leave this process first. Connections that are kept alive would hold it for seconds.
process.stdout.write("", () => {
  process.stderr.write("", () => {
    process.exit(code);
  });
});
