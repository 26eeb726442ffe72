import { rules } from "../../../eslint-rules/plugin.js";
import type { GuardReport, Place } from "./report.js";

/** The report as SARIF 2.1.0, for code-scanning pages. */
export function formatSarif(report: GuardReport): string {
  const names = Object.keys(rules).sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "streaming-import guard",
            informationUri: "https://www.npmjs.com/package/convex-streaming-import",
            rules: names.map((name) => ({
              id: name,
              shortDescription: { text: rules[name as keyof typeof rules].meta.docs?.description ?? name },
              helpUri: rules[name as keyof typeof rules].meta.docs?.url,
            })),
          },
        },
        invocations: [
          {
            executionSuccessful: report.problems.length + report.typeErrors.length === 0,
            toolConfigurationNotifications: report.problems.map(({ code, message: text }) => ({
              level: "error",
              message: { text },
              descriptor: { id: code },
            })),
            toolExecutionNotifications: report.typeErrors.map((error) => ({
              level: "error",
              message: { text: error.message },
              ...(error.file === "" ? {} : { locations: [location(error)] }),
            })),
          },
        ],
        results: report.findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: names.indexOf(finding.rule),
          level: finding.severity,
          message: { text: finding.message },
          locations: [location(finding, finding)],
          partialFingerprints: {
            "guard/v1": `${finding.rule}:${finding.messageId}:${finding.file}:${finding.message}`,
          },
        })),
        properties: {
          mode: report.mode,
          mirrors: report.mirrors,
          writeSites: report.writeSites,
          trusted: report.trusted,
          exemptions: report.exemptions,
          outOfReach: report.outOfReach,
          claim: report.claim,
        },
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function location(place: Place, end?: { readonly endLine: number; readonly endColumn: number }) {
  return {
    physicalLocation: {
      artifactLocation: { uri: place.file, uriBaseId: "%SRCROOT%" },
      region: {
        startLine: place.line,
        startColumn: place.column,
        ...(end === undefined ? {} : { endLine: end.endLine, endColumn: end.endColumn }),
      },
    },
  };
}
