/**
 * Modules that are evaluated for each call, as the backend does: nothing that a module keeps outlives a call, and a
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

  /**
   * @param modulePath The module's path without extension.
   * @param call As on the backend, only actions import further modules while they run.
   */
  async load(modulePath: string, call: { inAction: boolean }): Promise<Record<string, unknown>> {
    const evaluated = new Map<string, vm.Module>();
    const importLater = async (specifier: string, from: string): Promise<vm.Module> => {
      if (!call.inAction) throw new TypeError("dynamic module import unsupported");
      return await evaluate(this.#instance(fileOf(specifier, from), evaluated, importLater));
    };
    const evaluate = async (module: vm.Module): Promise<vm.Module> => {
      if (module.status === "unlinked") {
        await module.link((specifier, { identifier }) =>
          this.#instance(fileOf(specifier, identifier), evaluated, importLater),
        );
      }
      await module.evaluate();
      return module;
    };
    const file = path.join(this.directory, `${modulePath}.js`);
    const module = await evaluate(this.#instance(file, evaluated, importLater));
    return module.namespace as Record<string, unknown>;
  }

  #instance(
    file: string,
    evaluated: Map<string, vm.Module>,
    importLater: (specifier: string, from: string) => Promise<vm.Module>,
  ): vm.Module {
    const known = evaluated.get(file);
    if (known !== undefined) return known;
    let source = this.#sources.get(file);
    if (source === undefined) {
      // Node forgets the callback of `import()` in a module that comes from the code cache, but not import.meta.
      const text = readFileSync(file, "utf8").replace(
        /\bimport\((?="\.{1,2}\/[^"\n]*"\))/g,
        "import.meta.later(",
      );
      source = { text };
      this.#sources.set(file, source);
    }
    const identifier = pathToFileURL(file).href;
    const module = new vm.SourceTextModule(source.text, {
      identifier,
      cachedData: source.cachedData,
      initializeImportMeta: (meta) => {
        Object.assign(meta, {
          later: async (specifier: string) => (await importLater(specifier, identifier)).namespace,
        });
      },
    });
    // Missing from the types of Node 20.
    source.cachedData ??= (module as unknown as Pick<vm.Script, "createCachedData">).createCachedData();
    evaluated.set(file, module);
    return module;
  }
}

function fileOf(specifier: string, from: string): string {
  return path.join(path.dirname(new URL(from).pathname), specifier);
}
