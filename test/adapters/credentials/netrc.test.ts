import { describe, expect, it } from "vitest";
import { findLogin } from "../../../src/adapters/credentials/netrc.ts";

const said = (text: string, host = "a.org", user: string | null = null) => {
  const login = findLogin(text, host, user);
  return login === null ? null : `${login.username}:${login.password}`;
};

describe("a netrc", () => {
  it.each([
    ["on one line", "machine a.org login u password p"],
    ["on several", "machine a.org\n\tlogin u\n\tpassword p\n"],
    ["with CRLF", "machine a.org\r\nlogin u\r\npassword p\r\n"],
    ["in another order", "machine a.org password p login u"],
    ["with an account", "machine a.org account x login u password p"],
    ["with capitals", "machine A.ORG login u password p"],
    ["after another", "machine b.org login x password y machine a.org login u password p"],
    ["before another", "machine a.org login u password p\nmachine a.org login x password y"],
    ["as the default", "machine b.org login x password y default login u password p"],
    ["after a comment", "# machine a.org login x password y\nmachine a.org login u password p"],
    ["after a macro", "macdef init\nmachine a.org login x password y\n\nmachine a.org login u password p"],
    ["before a macro without end", "machine a.org login u password p\nmacdef init\nmachine a.org"],
    ["in quotes", 'machine "a.org" login "u" password "p"'],
  ])("has a login %s", (_, text) => {
    expect(said(text)).toBe("u:p");
  });

  it("may have blanks and escapes in quotes", () => {
    expect(said('machine a.org login "u v" password "p \\"q\\" \\\\ #"')).toBe('u v:p "q" \\ #');
  });

  it.each([
    ["nothing", ""],
    ["another host", "machine b.org login u password p"],
    ["a host that ends alike", "machine xa.org login u password p"],
    ["no password", "machine a.org login u"],
    ["no machine", "login u password p"],
    ["words cut off", "machine"],
    ["a password cut off", "machine a.org login u password"],
  ])("with %s has none", (_, text) => {
    expect(said(text)).toBeNull();
  });

  it("is searched for the user that is asked for", () => {
    const text = "machine a.org login x password 1 machine a.org login u password 2 machine a.org password 3";
    expect(said(text, "a.org", "u")).toBe("u:2");
    expect(said(text, "a.org", "v")).toBe("v:3");
    expect(said(text)).toBe("x:1");
  });

  it("of many lines is read at once", () => {
    const text = `${"machine b.org login u password p\n".repeat(20_000)}${'"'.repeat(20_001)}${"macdef x\n".repeat(20_000)}`;
    expect(said(text)).toBeNull();
  });
});
