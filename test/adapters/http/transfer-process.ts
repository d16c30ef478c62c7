/** Sends or fetches bytes and says how much memory that took at most, in MB. Arguments: `GET` or `PUT`, URL, bytes. */
import { openHttpClient } from "../../../src/adapters/http/open-http-client.ts";

const [, , method = "", url = "", bytes = "0"] = process.argv;
const size = Number(bytes);
const client = openHttpClient({
  config: [],
  environment: {},
  registryUrl: null,
  logins: { async *offer() {} },
  idleTimeoutMs: 30_000,
});

async function* source(): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < size; sent += 65_536) yield Buffer.alloc(Math.min(65_536, size - sent), sent / 65_536);
}

if (method === "GET") {
  const reply = await client.send({ method, url, access: "none" });
  let got = 0;
  for await (const chunk of reply.body) got += chunk.length;
  process.stdout.write(`${got} `);
} else {
  const reply = await client.send({ method: "PUT", url, body: { size, open: source }, access: "none" });
  process.stdout.write(`${Buffer.from(await reply.bytes(100)).toString()} `);
}
await client.close();
process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
