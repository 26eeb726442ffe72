/** The messages of the sync protocol that this server reads, and the parts it writes. */
import type { JSONValue } from "convex/values";
import type { Identity } from "./engine.js";

export interface Version {
  querySet: number;
  identity: number;
  ts: bigint;
}

interface FunctionRequest {
  udfPath: string;
  args: JSONValue[];
  componentPath?: string;
}
export interface QueryRequest extends FunctionRequest {
  queryId: number;
  journal?: string | null;
}

export type ClientMessage =
  | { type: "Connect" }
  | { type: "Event" }
  | { type: "Authenticate"; tokenType: "None"; baseVersion: number }
  | { type: "Authenticate"; tokenType: "User"; value: string; baseVersion: number }
  | { type: "Authenticate"; tokenType: "Admin"; value: string; baseVersion: number; impersonating?: Identity }
  | {
      type: "ModifyQuerySet";
      baseVersion: number;
      newVersion: number;
      modifications: (({ type: "Add" } & QueryRequest) | { type: "Remove"; queryId: number })[];
    }
  | ({ type: "Mutation"; requestId: number } & FunctionRequest)
  | ({ type: "Action"; requestId: number } & FunctionRequest);

export type StateModification =
  | { type: "QueryUpdated"; queryId: number; value: JSONValue; logLines: string[]; journal: string | null }
  | {
      type: "QueryFailed";
      queryId: number;
      errorMessage: string;
      errorData: JSONValue | undefined;
      logLines: string[];
      journal: string | null;
    }
  | { type: "QueryRemoved"; queryId: number };
