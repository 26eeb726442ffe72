/**
 * Modules that are evaluated anew for each call, as the backend does: nothing that a module keeps outlives a call, and a
 * large module costs every call. The text is compiled once, into V8's code cache, which the backend keeps as well.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
// Without its flag, Node has no export of the name SourceTextModule.
import * as vm from "node:vm";

interface Source {
  text: string;
  cachedData?: Buffer;
}

export class FreshModules {
  readonly #sources = new Map<string, Source>();

  constructor(readonly directory: string) {
    if (typeof vm.SourceTextModule !== "function") {
      throw new Error("Fresh contexts need node --experimental-vm-modules.");
    }
  }

  /** @param modulePath The module's path without extension. */
  async load(modulePath: string): Promise<Record<string, unknown>> {
    const evaluated = new Map<string, vm.Module>();
    const module = this.#instance(path.join(this.directory, `${modulePath}.js`), evaluated);
    await module.link((specifier, from) =>
      this.#instance(path.join(path.dirname(new URL(from.identifier).pathname), specifier), evaluated),
    );
    await module.evaluate();
    return module.namespace as Record<string, unknown>;
  }

  #instance(file: string, evaluated: Map<string, vm.Module>): vm.Module {
    const known = evaluated.get(file);
    if (known !== undefined) return known;
    let source = this.#sources.get(file);
    if (source === undefined) {
      source = { text: readFileSync(file, "utf8") };
      this.#sources.set(file, source);
    }
    const module = new vm.SourceTextModule(source.text, {
      identifier: pathToFileURL(file).href,
      cachedData: source.cachedData,
    });
    // Missing from the types of Node 20.
    source.cachedData ??= (module as unknown as Pick<vm.Script, "createCachedData">).createCachedData();
    evaluated.set(file, module);
    return module;
  }
}
