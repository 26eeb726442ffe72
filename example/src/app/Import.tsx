import { useQuery } from "convex/react";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { api } from "../../convex/_generated/api";
import type { Mirror } from "../lib/types";

/** Changes received by second, for the last {@link HISTORY_SECONDS}; index 0 is the oldest. */
export type Throughput = readonly number[];

export const HISTORY_SECONDS = 60;

const SILENCE: Throughput = Array.from({ length: HISTORY_SECONDS }, () => 0);

interface ImportState {
  /** Undefined while loading. */
  mirrors: readonly Mirror[] | undefined;
  throughput: ReadonlyMap<string, Throughput>;
}

const ImportContext = createContext<ImportState>({ mirrors: undefined, throughput: new Map() });

/** How the import is doing, for all who show it: one subscription, and what this page has seen of it go by. */
export function ImportProvider({ children }: { children: ReactNode }) {
  const mirrors = useQuery(api.operations.importStatus)?.mirrors;
  const throughput = useThroughput(mirrors);
  const state = useMemo(() => ({ mirrors, throughput }), [mirrors, throughput]);
  return <ImportContext value={state}>{children}</ImportContext>;
}

export function useImport(): ImportState {
  return useContext(ImportContext);
}

/** Once a second, how many changes each mirror has received since. Idle mirrors cost no rendering. */
function useThroughput(mirrors: readonly Mirror[] | undefined): ReadonlyMap<string, Throughput> {
  const [history, setHistory] = useState<ReadonlyMap<string, Throughput>>(new Map());
  const [latest] = useState(() => ({
    received: new Map<string, number>(),
    counted: new Map<string, number>(),
  }));

  useEffect(() => {
    for (const { name, total } of mirrors ?? []) {
      latest.received.set(name, total.received);
      // What came before this page was opened is not news.
      if (!latest.counted.has(name)) latest.counted.set(name, total.received);
    }
  }, [mirrors, latest]);

  useEffect(() => {
    const timer = setInterval(() => {
      // Counted here and not in the updater, which React may run twice.
      const news = new Map<string, number>();
      for (const [name, received] of latest.received) {
        news.set(name, received - (latest.counted.get(name) ?? received));
        latest.counted.set(name, received);
      }
      setHistory((old) => {
        const next = new Map<string, Throughput>();
        for (const [name, changes] of news) next.set(name, [...(old.get(name) ?? SILENCE).slice(1), changes]);
        const quiet = [...next.values(), ...old.values()].every((seconds) =>
          seconds.every((rows) => rows === 0),
        );
        return quiet && old.size === next.size ? old : next;
      });
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [latest]);

  return history;
}
