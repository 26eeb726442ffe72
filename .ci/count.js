// Prints "<passed> <failed>" of a Vitest JSON report. A test file that could not run, a missing report and an exit
// status that the report does not explain each count as a failure.
import { readFileSync } from "node:fs";

const [report, status] = process.argv.slice(2);

function read() {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, testResults: [] };
  }
}

const { numPassedTests, numFailedTests, testResults } = read();
const broken = testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
);
const failures = numFailedTests + broken.length;
console.log(numPassedTests, failures === 0 && status !== "0" ? 1 : failures);
