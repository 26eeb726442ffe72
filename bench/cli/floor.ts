import { LineSplitter } from "../../src/cli/files/lines.js";

/** The floor: stdin cut into lines by the same reader, each parsed with JSON.parse, and nothing else. */
let messages = 0;
let fields = 0;
const lines = new LineSplitter((bytes, start, end) => {
  const message = JSON.parse(bytes.toString("utf8", start, end)) as { type: string };
  // The result is used, so that nothing can be left out.
  if (message.type === "RECORD") fields++;
  messages++;
});
for await (const chunk of process.stdin) lines.push(chunk as Buffer);
lines.end();
process.stdout.write(JSON.stringify({ messages, fields }));
