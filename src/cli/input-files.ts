import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Finding } from "../domain/finding.ts";
import type { Parsed } from "../domain/parsed.ts";
import { type ErrorCode, RegistryError } from "../errors.ts";
import type { Call } from "./command.ts";

/** Readers refuse more than 512 KiB: one byte above shows that it is more. */
const READ_LIMIT = 512 * 1024 + 1;

type Reader<T> = (
  bytes: Uint8Array,
  options: { readonly file: string },
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * Reads the files that options name, `-` from standard input (once). A file that cannot be read is `usage`;
 * what is wrong in it has the option's own code, with every finding.
 */
export class InputFiles {
  readonly #call: Pick<Call, "given" | "io" | "directory">;
  #takenBy: string | null = null;

  constructor(call: Pick<Call, "given" | "io" | "directory">) {
    this.#call = call;
  }

  /** What the file of an option says; undefined where the option is not given. */
  async read<T>(option: string, code: ErrorCode, reader: Reader<T>): Promise<T | undefined> {
    const file = this.#call.given.text(option);
    if (file === undefined) return undefined;
    const read = reader(await this.#bytes(option, file), { file });
    if (read.ok) return read.value;
    const [first] = read.findings;
    const name = file === "-" ? "standard input" : file;
    const count = read.findings.length === 1 ? "" : ` (${read.findings.length} problems)`;
    throw new RegistryError(code, `${option} cannot be used: ${name} is not valid${count}`, {
      findings: read.findings,
      ...(first?.hint ? { hint: first.hint } : {}),
    });
  }

  async #bytes(option: string, file: string): Promise<Uint8Array> {
    if (file === "") throw new RegistryError("usage", `${option} names no file`);
    if (file !== "-") return readStart(createReadStream(resolve(this.#call.directory, file)), { option, file });
    if (this.#takenBy !== null) {
      throw new RegistryError("usage", `${this.#takenBy} and ${option} cannot both read standard input`);
    }
    this.#takenBy = option;
    return readStart(this.#call.io.stdin.read(), { option, file: "standard input" });
  }
}

/** The value of a flag's text, or `code` with what is wrong about it. */
export function parsedFlag<T>(option: string, parsed: Parsed<T>, code: ErrorCode = "usage"): T {
  if (parsed.ok) return parsed.value;
  throw new RegistryError(code, `${option}: ${parsed.message}`, parsed.hint === null ? {} : { hint: parsed.hint });
}

async function readStart(
  stream: AsyncIterable<string | Uint8Array>,
  { option, file }: { readonly option: string; readonly file: string },
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk);
      chunks.push(bytes);
      size += bytes.length;
      if (size >= READ_LIMIT) break;
    }
  } catch (cause) {
    throw new RegistryError("usage", `${option} cannot be read: ${reasonOf(cause, file)}`, { cause });
  }
  return Buffer.concat(chunks).subarray(0, READ_LIMIT);
}

function reasonOf(cause: unknown, file: string): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : null;
  if (code === "ENOENT") return `there is no file ${file}`;
  if (code === "EISDIR") return `${file} is a folder`;
  if (code === "EACCES") return `reading ${file} is not allowed`;
  return `${file} (${typeof code === "string" ? code : "unknown reason"})`;
}
