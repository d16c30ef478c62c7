import type { ObjectFolder } from "./object-folder.ts";
import type { BatchReply, BatchRequest, ReplyObject } from "./wire.ts";

interface Answering {
  readonly objects: ObjectFolder;
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly verify: boolean;
}

/** The reply that an honest server gives. */
export async function answerBatch(batch: BatchRequest, answering: Answering): Promise<BatchReply> {
  const objects = await Promise.all(batch.objects.map((asked) => answerObject(batch.operation, asked, answering)));
  return { transfer: "basic", hash_algo: "sha256", objects };
}

async function answerObject(
  operation: BatchRequest["operation"],
  { oid, size }: { readonly oid: string; readonly size: number },
  { objects, origin, headers: header, verify }: Answering,
): Promise<ReplyObject> {
  const isThere = (await objects.sizeOf(oid)) === size;
  if (operation === "download") {
    if (!isThere) return { oid, size, error: { code: 404, message: "Object does not exist" } };
    return { oid, size, actions: { download: { href: `${origin}/object/${oid}`, header } } };
  }
  if (isThere) return { oid, size };
  const upload = { href: `${origin}/object/${oid}`, header };
  return { oid, size, actions: { upload, ...(verify ? { verify: { href: `${origin}/verify`, header } } : {}) } };
}
