import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { CliError, messageOf } from "../terminal/exit.js";
import { START, type Position } from "./client.js";
import type { Format } from "./formats.js";

/** What an export has to remember of one table to go on. */
export interface TableState {
  /** Files that are complete; the next has this number plus one. */
  files: number;
  /** Rows of the snapshot and changes that are written. */
  rows: number;
  at: Position;
}

export interface State {
  version: 1;
  url: string;
  format: Format;
  tables: Record<string, TableState>;
}

export function newTable(): TableState {
  return { files: 0, rows: 0, at: START };
}

/** The steps that a power cut may come between; a test comes between them too. */
export interface Disk {
  write(file: string, content: Uint8Array): void;
  rename(from: string, to: string): void;
  remove(file: string): void;
}

export const DISK: Disk = {
  write(file, content) {
    mkdirSync(path.dirname(file), { recursive: true });
    const descriptor = openSync(file, "w", 0o600);
    try {
      for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
  rename(from, to) {
    renameSync(from, to);
    // The name is safe when the folder is; Windows has no descriptors of folders.
    if (process.platform === "win32") return;
    const folder = openSync(path.dirname(to), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
  remove(file) {
    rmSync(file, { force: true });
  },
};

/** Writes a file so that it is there completely or not at all. @throws CliError when it cannot be written */
export function writeAtomically(disk: Disk, file: string, content: Uint8Array): void {
  try {
    disk.write(`${file}.tmp`, content);
    disk.rename(`${file}.tmp`, file);
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    throw new CliError(
      "FileUnwritable",
      `${file} cannot be written: ${messageOf(cause)}. Check its folder, then run the command again.`,
      { cause },
    );
  }
}

/** The state of an export, as a file; without a path it is not kept. */
export class StateFile {
  constructor(
    private readonly file: string | null,
    private readonly disk: Disk = DISK,
  ) {}

  /** @throws CliError when the file is no state, or that of another export. */
  read(url: string, format: Format): State {
    const fresh: State = { version: 1, url, format, tables: {} };
    if (this.file === null) return fresh;
    let text: string;
    try {
      text = readFileSync(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return fresh;
      throw new CliError(
        "FileUnreadable",
        `${this.file} cannot be read: ${messageOf(error)}. Name another file with --state.`,
        { cause: error },
      );
    }
    let state: Omit<State, "version"> & { version: number };
    try {
      state = JSON.parse(text) as State;
    } catch {
      throw new CliError(
        "FolderInUse",
        `${this.file} is not the state of an export. Remove it, or start over with --restart.`,
      );
    }
    if (state.version !== 1 || state.url !== url || state.format !== format) {
      throw new CliError(
        "FolderInUse",
        `${this.file} is the state of an export from ${state.url} as ${state.format}. Choose another folder, or start over with --restart.`,
      );
    }
    return state as State;
  }

  write(state: State): void {
    if (this.file !== null)
      writeAtomically(this.disk, this.file, Buffer.from(`${JSON.stringify(state, null, 2)}\n`));
  }

  remove(): void {
    if (this.file !== null) this.disk.remove(this.file);
  }
}

/** The file of a table with this number, from 1. */
export function dataFile(folder: string, table: string, number: number, format: Format): string {
  return path.join(folder, table, `${String(number).padStart(8, "0")}.${format}`);
}

/**
 * Removes the files of a table that the state does not know: those of a crash between a file and its state, which are
 * read again, and halves.
 */
export function removeUnknown(disk: Disk, folder: string, table: string, known: number): void {
  let names: string[];
  try {
    names = readdirSync(path.join(folder, table));
  } catch {
    return;
  }
  for (const name of names) {
    const number = /^(\d{8})\.(?:jsonl|csv|parquet)(\.tmp)?$/.exec(name);
    if (number !== null && (Number(number[1]) > known || number[2] !== undefined)) {
      disk.remove(path.join(folder, table, name));
    }
  }
}
