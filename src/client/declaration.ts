import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { createFunctionHandle, makeFunctionReference } from "convex/server";
import type { ComponentApi } from "../../convex/_generated/component.js";
import type { RunsFunctions } from "./context.js";
import type { AppMirrors } from "./mirrors.js";

/** What the component's registry is told of the app's schema. */
export class Declaration {
  readonly #mirrors;
  /** Hash of the declaration: when the registry's differs, a deploy has changed something. */
  readonly fingerprint: string;

  constructor(
    mirrors: AppMirrors,
    /** The module that exports the importer's functions, as in `npx convex run <module>:declare`. */
    private readonly module: string,
  ) {
    this.#mirrors = mirrors.all.map(({ name, contract }) => ({
      name,
      source: contract.source ?? name,
      primaryKey: contract.primaryKey?.join(", ") ?? "none",
      version: contract.version ?? undefined,
      owner: contract.owner ?? undefined,
    }));
    this.fingerprint = bytesToHex(sha256(utf8ToBytes(JSON.stringify([module, this.#mirrors])))).slice(0, 16);
  }

  /** Brings the registry in step. */
  async send(ctx: Pick<RunsFunctions, "runMutation">, component: ComponentApi): Promise<void> {
    const [apply, page, remove, clear] = await Promise.all([
      createFunctionHandle(makeFunctionReference<"mutation">(`${this.module}:apply`)),
      createFunctionHandle(makeFunctionReference<"query">(`${this.module}:page`)),
      createFunctionHandle(makeFunctionReference<"mutation">(`${this.module}:remove`)),
      createFunctionHandle(makeFunctionReference<"mutation">(`${this.module}:clear`)),
    ]);
    await ctx.runMutation(component.registry.declare, {
      fingerprint: this.fingerprint,
      handles: { apply, page, remove, clear },
      mirrors: this.#mirrors,
    });
  }
}
