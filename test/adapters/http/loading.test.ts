import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { testClient, textOf } from "./http-support.ts";
import { startServer } from "./loopback-server.ts";

const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("/undici/"));

it("undici is loaded with the first request, and no more of it than a pool needs", async () => {
  const client = testClient();
  expect(loaded()).toEqual([]);
  const server = await startServer((_, response) => void response.end("x"));
  expect(await textOf(await client.send({ method: "GET", url: server.origin, access: "none" }))).toBe("x");
  expect(loaded()).not.toEqual([]);
  expect(loaded().filter((path) => /\/lib\/(web|cache|mock)\//.test(path))).toEqual([]);
});
