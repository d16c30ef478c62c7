import { RegistryError } from "../../errors.ts";
import type { StreamBody } from "./http-client.ts";
import { shownUrl } from "./shown-url.ts";

/** A request's body on its way: pulled by the connection, and remembering why its source failed. */
export interface OutgoingBody {
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array> | Uint8Array | null;
  /** What the source threw, or null. */
  failure(): unknown;
}

export interface Pace {
  /** The connection took everything so far, the source is asked for more. */
  readonly toSource: () => void;
  /** The source gave something, the connection has to take it. */
  readonly toConnection: () => void;
}

/** Opens a body from its beginning. More or fewer bytes than announced are a failure, not a broken request. */
export function outgoingBody(body: Uint8Array | StreamBody, url: URL, pace: Pace): OutgoingBody {
  const size = body instanceof Uint8Array ? body.byteLength : body.size;
  if (size === 0) return { size, content: null, failure: () => null };
  // It goes out with the head of the request, in one write.
  if (body instanceof Uint8Array && size <= 2 * SLICE) return { size, content: body, failure: () => null };
  let failure: unknown = null;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let sent = 0;
    try {
      pace.toSource();
      for await (const chunk of body instanceof Uint8Array ? [body] : body.open()) {
        sent += chunk.byteLength;
        if (sent > size) throw wrongSize(url, size);
        for (let at = 0; at < chunk.byteLength; at += SLICE) {
          pace.toConnection();
          yield chunk.subarray(at, at + SLICE);
          pace.toSource();
        }
      }
      if (sent < size) throw wrongSize(url, size);
      pace.toConnection();
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { size, content: chunks(), failure: () => failure };
}

/** Progress is noticed slice by slice: a large chunk on a slow line must not look like a stalled server. */
const SLICE = 64 * 1024;

function wrongSize(url: URL, size: number): RegistryError {
  return new RegistryError("network", `What is sent to ${shownUrl(url)} is not the ${size} bytes that were announced`);
}
