/** The form of `scenarios/*.json`: what is sent, and what is expected of it. docs/protocol.md explains the protocol. */

/** JSON, with placeholders and generators in it: see expand.ts. */
export type Template = null | boolean | number | string | Template[] | { [name: string]: Template };

export interface Scenario {
  /** The name of its file, too. */
  name: string;
  /** What holds when it passes, as a sentence. */
  about: string;
  /** The mirrors that it writes. They are emptied first. */
  mirrors: string[];
  /** What it needs beside the token: a second one that opens `conformance_scoped` only. Without it, it is skipped. */
  needs?: "otherToken"[];
  steps: Step[];
}

export type Step = RequestStep | WaitStep | RowsStep;

/** Sends a request and compares the answer. */
export interface RequestStep {
  /** What this step is for, where that does not show. */
  say?: string;
  request: {
    method: "GET" | "POST";
    path: string;
    headers?: Record<string, string>;
    /** The body, as JSON; or by lines; or as it is. */
    body?: Template;
    ndjson?: Template[];
    text?: string;
    gzip?: boolean;
    /** Another token than the main one: the second, one that nobody made, or none. */
    token?: "other" | "unknown" | "none";
  };
  expect: {
    status: number;
    /** What the answer's JSON has to have in it: see match.ts. */
    json?: Template;
    headers?: Record<string, Template>;
  };
  /** Values of the answer to be used later, as `{{name}}`: from names to dotted paths. */
  save?: Record<string, string>;
}

/** Waits until a mirror has done what was begun: until a refresh is swept. */
export interface WaitStep {
  say?: string;
  wait: string;
}

/** Demands that mirrors have these rows and no others. Rows are in Convex's encoded JSON, as they are stored. */
export interface RowsStep {
  say?: string;
  rows: Record<string, Template[]>;
}
