/** What travels in a batch request and its reply, as a server sees it. */
export interface BatchRequest {
  readonly operation: "upload" | "download";
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
  readonly transfers?: readonly string[];
  readonly hash_algo?: string;
  readonly ref?: { readonly name: string };
}

/** Loose on purpose: a hostile server says anything. */
export interface BatchReply {
  readonly objects: unknown;
  readonly [key: string]: unknown;
}

export interface ReplyObject {
  readonly oid: string;
  readonly size: number;
  readonly authenticated?: boolean;
  readonly actions?: Readonly<Record<string, ReplyAction>>;
  readonly error?: { readonly code: number; readonly message: string };
}

export interface ReplyAction {
  readonly href: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly expires_in?: number;
  readonly expires_at?: string;
}

/** One request as it arrived. */
export interface RecordedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a batch or verify request; null for others. */
  readonly json: unknown;
}
