import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { createFunctionHandle, makeFunctionReference } from "convex/server";
import type { ComponentApi } from "../../../convex/_generated/component.js";
import type { MirrorContract } from "../../schema/contract.js";
import { ledgerError, missingFunction, missingFunctionMessage } from "../../core/wire/errors.js";
import type { AppExports } from "../exports.js";
import type { RunsFunctions } from "../mirrors.js";
import type { TableMirrors } from "../tables/tableMirrors.js";
import { patiently } from "./retry.js";

/** What the component's registry stores of the app's schema. */
export class Declaration {
  #fingerprint: string | null = null;

  constructor(
    private readonly mirrors: TableMirrors,
    private readonly exports: AppExports,
    /** The module that exports the importer's functions, as in `npx convex run <module>:declare`. */
    private readonly module: string,
    /** The function to call with every change of a mirror's state, as "module:function". */
    private readonly onStateChange: string | undefined,
    /** What imports may write. */
    private readonly budget: { bytesPerSecond: number },
  ) {}

  // Made when asked for: most calls of functions do not.
  #declared() {
    return {
      mirrors: this.mirrors.all.map(({ name, contract }) => ({
        name,
        source: contract.source ?? name,
        primaryKey: contract.primaryKey?.join(", ") ?? "none",
        keyed: contract.primaryKey !== null,
        version: contract.version ?? undefined,
        owner: contract.owner ?? undefined,
        deletes: contract.deletedField === null ? "hard" : `soft, marked in ${contract.deletedField}`,
        policy: describeDrift(contract),
        expectEveryMs: contract.expectEveryMs ?? undefined,
        shrinkLimit: contract.shrinkLimit ?? undefined,
      })),
      exported: this.exports.all.map(({ name, kind }) => ({ table: name, kind })),
    };
  }

  /** Hash of the declaration: when the registry's differs, a deploy has changed something. */
  get fingerprint(): string {
    if (this.#fingerprint === null) {
      const { mirrors, exported } = this.#declared();
      const declared = JSON.stringify([this.module, this.onStateChange, this.budget, mirrors, exported]);
      this.#fingerprint = bytesToHex(sha256(utf8ToBytes(declared))).slice(0, 16);
    }
    return this.#fingerprint;
  }

  /** Updates the registry. */
  async send(ctx: Pick<RunsFunctions, "runMutation">, component: ComponentApi): Promise<void> {
    const declared = this.#declared();
    const [read, write, rows, onStateChange] = await Promise.all([
      handleOf(`${this.module}:read`),
      handleOf(`${this.module}:write`),
      declared.exported.length === 0 ? undefined : handleOf(`${this.module}:rows`),
      this.onStateChange === undefined ? undefined : handleOf(this.onStateChange),
    ]);
    // It reads every mirror, so it may lose against the chunks of each.
    await patiently(async () =>
      ctx.runMutation(component.registry.declare, {
        fingerprint: this.fingerprint,
        handles: { read, write, rows, onStateChange },
        budget: this.budget,
        ...declared,
      }),
    );
  }
}

/** @throws NotDeclared for a function that the app does not export; some versions of the backend only say so later */
async function handleOf(path: string): Promise<string> {
  try {
    return await createFunctionHandle(makeFunctionReference<"query" | "mutation">(path));
  } catch (error) {
    if (missingFunction(error) === undefined) throw error;
    throw ledgerError("NotDeclared", missingFunctionMessage(path));
  }
}

/** "evolve", or what differs: "evolve; types: freeze". */
function describeDrift({ drift }: MirrorContract): string {
  const { unknownFields, types, missingFields } = drift;
  if (unknownFields === types && types === missingFields) return types;
  return `unknown fields: ${unknownFields}; types: ${types}; missing fields: ${missingFields}`;
}
