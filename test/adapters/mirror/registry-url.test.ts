import { describe, expect, test } from "vitest";
import { parseRegistryUrl } from "../../../src/adapters/mirror/registry-url.ts";

describe("how a registry is named", () => {
  test.each([
    "models",
    "./models",
    "../team/models.git",
    "/srv/models.git",
    "file:///srv/models.git",
    "FILE:///srv/models.git",
    "host:models",
    "C:\\models",
    "a/b@c:d",
    "ext::sh -c x",
    "",
  ])("%s is a path", (text) => {
    expect(parseRegistryUrl(text)).toBeNull();
  });

  test.each([
    ["https://git.example.org/team/models.git", "https://git.example.org/team/models.git"],
    ["HTTPS://Git.Example.ORG/team/models.git/", "https://git.example.org/team/models.git"],
    ["https://git.example.org:443/models", "https://git.example.org/models"],
    ["http://127.0.0.1:8080/models.git", "http://127.0.0.1:8080/models.git"],
    ["https://git.example.org/a%20b", "https://git.example.org/a%20b"],
    ["ssh://git@git.example.org:2222/team/models.git", "ssh://git@git.example.org:2222/team/models.git"],
    ["ssh://git.example.org/~ada/models.git", "ssh://git.example.org/~ada/models.git"],
    ["git://git.example.org/models.git", "git://git.example.org/models.git"],
    ["git@git.example.org:team/models.git", "git@git.example.org:team/models.git"],
    ["git@[::1]:models.git", "git@[::1]:models.git"],
  ])("%s is a URL, kept as %s", (text, address) => {
    expect(parseRegistryUrl(text)).toEqual({ address, withLogin: address });
  });

  test.each([
    ["https://ada:s3cret@git.example.org/m.git", "https://git.example.org/m.git"],
    ["https://ada@git.example.org/m.git", "https://git.example.org/m.git"],
    ["https://:s3cret@git.example.org/m.git", "https://git.example.org/m.git"],
    ["ssh://git:s3cret@git.example.org/m.git", "ssh://git@git.example.org/m.git"],
    ["git://ada:s3cret@git.example.org/m.git", "git://git.example.org/m.git"],
  ])("the login of %s is no part of its address", (text, address) => {
    expect(parseRegistryUrl(text)?.address).toBe(address);
  });

  test("a login is used as it was written", () => {
    const parsed = parseRegistryUrl("https://a%40b:p%3A%2Fw@git.example.org/m.git/");
    expect(parsed?.withLogin).toBe("https://a%40b:p%3A%2Fw@git.example.org/m.git");
  });

  test.each([
    "https://ada:s3cret@git.example.org/m.git?private_token=t0ken",
    "https://ada:s3cret@git.example.org/m.git#t0ken",
    "ftp://ada:s3cret@git.example.org/m.git",
    "s3://ada:s3cret@x/m",
    "https://ada:s3cret@[bad/m.git",
    "https://ada:s3cret@/m.git",
    "https://ada:s3cret@git.example.org/a b",
    "https://ada:s3cret%0d%0aX: y@git.example.org/m.git",
    "https://ada:s3cret%ff@git.example.org/m.git",
    "ssh://-oProxyCommand=x/m.git",
    "ssh://-oProxyCommand=s3cret@host/m.git",
    `https://git.example.org/${"m".repeat(5000)}`,
  ])("%s is refused, and nothing of a login is shown", (text) => {
    const outcome = attempt(text);
    expect(outcome).toMatchObject({ code: "usage" });
    expect(String(outcome)).not.toMatch(/s3cret|t0ken|ada/);
  });

  test.each(["-oProxyCommand=x@host:path", "git@-host:path", "git@host:", "git@host://path"])(
    "%s is no address of ssh",
    (text) => {
      expect(parseRegistryUrl(text)).toBeNull();
    },
  );
});

function attempt(text: string): unknown {
  try {
    return parseRegistryUrl(text);
  } catch (error) {
    return error;
  }
}
