import type { Command } from "commander";

/** Commands that speak the protocol of somebody else. */
const FOREIGN = /^airbyte /;

/** A command with the words that call it: "token create". */
interface Leaf {
  name: string;
  command: Command;
}

function leaves(command: Command, path: string[] = []): Leaf[] {
  if (command.commands.length === 0) return [{ name: path.join(" "), command }];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

/** Every command of the program, and those of our own making. */
export function commandsOf(program: Command): { all: Leaf[]; own: Leaf[] } {
  const all = leaves(program);
  return { all, own: all.filter(({ name }) => !FOREIGN.test(name)) };
}

/** What a command cannot do without. */
export function argumentsOf(name: string): string[] {
  const needed: Record<string, string[]> = {
    push: ["-", "--mirror", "customers"],
    export: ["--tables", "customers"],
    verify: ["customers", "--file", "-"],
    "token create": ["x", "--mirror", "customers"],
    "quarantine show": ["customers", "id"],
  };
  return needed[name] ?? (/^(status|streams|init|doctor|guard|token list)$/.test(name) ? [] : ["customers"]);
}
