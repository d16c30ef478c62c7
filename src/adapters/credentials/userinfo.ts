import type { Login } from "./logins.ts";

/** User and password as they are written in a URL, decoded; empty where there are none. */
export function userinfoOf({ username, password }: URL): Login {
  return { username: decoded(username), password: decoded(password) };
}

export function withoutUserinfo(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
