import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { constants, deflateSync } from "node:zlib";
import { onTestFinished } from "vitest";

/** What a server of our own answers to one kind of request. */
export type Answer = (response: ServerResponse, body: Buffer) => void | Promise<void>;

export interface Behaviour {
  readonly advertisement?: Answer;
  readonly lsRefs?: Answer;
  readonly fetch?: Answer;
  readonly receivePack?: Answer;
}

export const ONE = "1".repeat(40);
const UPLOAD = "application/x-git-upload-pack";

/** A Git server of our own, sound where a behaviour says nothing: one branch `main` that names `tip`. */
export async function startHostileServer(
  behaviour: Behaviour,
  tip = ONE,
): Promise<{ readonly url: string; readonly lines: string[] }> {
  const sound: Required<Behaviour> = {
    advertisement: (response) => reply(response, `${UPLOAD}-advertisement`, v2Advertisement()),
    lsRefs: (response) => reply(response, `${UPLOAD}-result`, `${line(`${tip} refs/heads/main\n`)}0000`),
    fetch: (response) => reply(response, `${UPLOAD}-result`, packAnswer(emptyPack())),
    receivePack: (response) => void response.writeHead(500).end(),
  };
  const lines: string[] = [];
  const server = createServer(async (request, response) => {
    lines.push(`${request.method} ${request.url}`);
    const body = await bodyOf(request);
    await { ...sound, ...behaviour }[kindOf(request, body)](response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/a.git`, lines };
}

function kindOf({ method }: IncomingMessage, body: Buffer): keyof Behaviour {
  if (method === "GET") return "advertisement";
  if (body.includes("command=ls-refs")) return "lsRefs";
  return body.includes("command=fetch") ? "fetch" : "receivePack";
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function reply(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(200, { "content-type": type }).end(body);
}

/** A `fetch` or `ls-refs` that answers these bytes. */
export function result(body: string | Uint8Array): Answer {
  return (response) => reply(response, `${UPLOAD}-result`, body);
}

export function advertising(body: string | Uint8Array, service = UPLOAD): Answer {
  return (response) => reply(response, `${service}-advertisement`, body);
}

/** Writes for ever, as fast as it is read, until the reader goes away. */
export function endless(type: string, first: string | Uint8Array, again: string | Uint8Array): Answer {
  return async (response) => {
    response.writeHead(200, { "content-type": type });
    response.write(first);
    const more = () => {
      while (!response.destroyed && response.write(again));
    };
    response.on("drain", more);
    more();
  };
}

export function line(text: string | Uint8Array): string {
  const bytes = Buffer.from(text as string);
  return (bytes.length + 4).toString(16).padStart(4, "0") + bytes.toString("latin1");
}

export function v2Advertisement(fetch = "fetch=shallow wait-for-done filter"): string {
  return `${line("version 2\n")}${line("ls-refs=unborn\n")}${line(`${fetch}\n`)}${line("object-format=sha1\n")}0000`;
}

/** A whole answer to `fetch`, with these bytes as its pack. */
export function packAnswer(pack: Buffer, sections = ""): Buffer {
  const parts: Buffer[] = [Buffer.from(`${sections}${line("packfile\n")}`, "latin1")];
  for (let at = 0; at < pack.length; at += 60_000) parts.push(band(1, pack.subarray(at, at + 60_000)));
  return Buffer.concat([...parts, Buffer.from("0000")]);
}

export function band(number: number, bytes: Uint8Array): Buffer {
  const length = (bytes.length + 5).toString(16).padStart(4, "0");
  return Buffer.concat([Buffer.from(length), Buffer.from([number]), bytes]);
}

/** A pack of these entries with a right trailer; `count` may lie. */
export function packOf(entries: readonly Buffer[], count = entries.length): Buffer {
  const head = Buffer.from("PACK\0\0\0\u0002\0\0\0\0", "latin1");
  head.writeUInt32BE(count, 8);
  return sealed(Buffer.concat([head, ...entries]));
}

export function sealed(body: Buffer): Buffer {
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

export function emptyPack(): Buffer {
  return packOf([]);
}

const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4, ofs: 6, ref: 7 } as const;

/** One entry of a pack; `size` may lie, `base` is a distance or a name. */
export function entry(
  type: keyof typeof TYPES,
  bytes: Uint8Array,
  { size = bytes.length, base = Buffer.alloc(0) }: { readonly size?: number; readonly base?: Buffer } = {},
): Buffer {
  const head = [(TYPES[type] << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    head.push((head.pop() ?? 0) | 0x80);
    head.push(rest & 0x7f);
  }
  return Buffer.concat([Buffer.from(head), base, deflateSync(bytes)]);
}

/** A blob that inflates to 600 MB and never ends, in some 600 kB. */
export function bombEntry(size: number): Buffer {
  const head = entry("blob", Buffer.alloc(0), { size });
  const zeros = deflateSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
  // Behind the zlib head every flushed block stands for itself and can be repeated.
  const block = zeros.subarray(2);
  const parts: Buffer[] = [head.subarray(0, head.length - deflateSync(Buffer.alloc(0)).length), zeros];
  for (let n = 1; n < 600; n++) parts.push(block);
  return Buffer.concat(parts);
}

/** The distance to a base, for entries of type `ofs`. */
export function distance(bytes: number): Buffer {
  const digits = [bytes & 0x7f];
  for (let rest = Math.floor(bytes / 128); rest > 0; rest = Math.floor((rest - 1) / 128)) {
    digits.unshift(((rest - 1) & 0x7f) | 0x80);
    if (rest <= 128) break;
  }
  return Buffer.from(digits);
}

/** A delta that copies its whole base `times` times, and adds some bytes of its own (127 at most). */
export function copies(baseSize: number, times: number, added: readonly number[] = []): Buffer {
  const copy = [0x80 | 0x70, baseSize & 0xff, (baseSize >> 8) & 0xff, (baseSize >> 16) & 0xff];
  const insert = added.length === 0 ? [] : [added.length, ...added];
  const sizes = [...number(baseSize), ...number(baseSize * times + added.length)];
  return Buffer.from([...sizes, ...Array.from({ length: times }, () => copy).flat(), ...insert]);
}

function number(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

export function idOf(type: string, bytes: Uint8Array): string {
  return createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}

/** A commit of an empty tree, as bytes. */
export function commitOf(tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904", parents: readonly string[] = []): Buffer {
  const who = "A <a@example.org> 1700000000 +0000";
  const above = parents.map((parent) => `parent ${parent}\n`).join("");
  return Buffer.from(`tree ${tree}\n${above}author ${who}\ncommitter ${who}\n\nx\n`);
}
