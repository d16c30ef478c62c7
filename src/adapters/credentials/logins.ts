/** A user name and a password or token. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Where logins for HTTP servers come from (DETAILS 13); only ever for the origin they were asked for. */
export interface Logins {
  /** Logins for a URL one after the other, the best first. Each is told whether the server took it. */
  offer(url: URL): AsyncIterable<OfferedLogin>;
}

export interface OfferedLogin extends Login {
  accepted(): Promise<void>;
  refused(): Promise<void>;
}
