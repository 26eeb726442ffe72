import { ConvexProvider, type ConvexReactClient } from "convex/react";
import { anyApi, getFunctionName, type FunctionReference } from "convex/server";
import { convexToJson, jsonToConvex, type JSONValue, type Value } from "convex/values";
import { createRoot } from "react-dom/client";
import { ImportPanel, ImportProvider, MirrorBadge, type ImportFunctions } from "../../../src/react/index.js";

/**
 * The panel on a page of its own, with a client whose answers a test sets from outside: `answers` by the name of the
 * function, `calls` of mutations in their order, `refusals` of mutations by name.
 */

interface Outside {
  answers: Record<string, JSONValue | undefined>;
  calls: { name: string; args: JSONValue }[];
  refusals: Record<string, string | undefined>;
  answer: (name: string, value: JSONValue) => void;
}

const listeners = new Set<() => void>();
const nameOf = (reference: FunctionReference<"query" | "mutation">) =>
  getFunctionName(reference).replace("operations:", "");

const outside = window as unknown as Outside;
outside.calls = [];
outside.refusals = {};
/** Values are made once: a new object for the same answer would render for ever. */
const values = new Map<string, Value | undefined>();
outside.answer = (name, value) => {
  values.set(name, jsonToConvex(value));
  for (const listener of listeners) listener();
};
for (const [name, value] of Object.entries(outside.answers))
  values.set(name, value === undefined ? undefined : jsonToConvex(value));

const client = {
  watchQuery: (query: FunctionReference<"query">) => ({
    onUpdate: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    journal: () => undefined,
    localQueryResult: () => values.get(nameOf(query)),
  }),
  mutation: (mutation: FunctionReference<"mutation">, args: Record<string, Value>) => {
    const name = nameOf(mutation);
    outside.calls.push({ name, args: convexToJson(args) });
    const refusal = outside.refusals[name];
    return refusal === undefined ? Promise.resolve(null) : Promise.reject(new Error(refusal));
  },
} as unknown as ConvexReactClient;

createRoot(document.getElementById("root")!).render(
  <ConvexProvider client={client}>
    <ImportProvider functions={anyApi.operations as unknown as ImportFunctions}>
      <main>
        <MirrorBadge mirror="orders" theme="auto" />
        <ImportPanel theme="auto" />
      </main>
    </ImportProvider>
  </ConvexProvider>,
);
