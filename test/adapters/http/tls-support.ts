import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { tempDir } from "../../support/temp-repo.ts";

const run = promisify(execFile);

/** An authority of the test's own, and what it signed. */
export interface Authority {
  /** Path of the authority's certificate. */
  readonly file: string;
  readonly certificate: string;
  /** Key and certificate for `localhost`, signed by it. */
  readonly server: { readonly key: string; readonly cert: string };
  /** Paths of a client's certificate and key, signed by it. */
  readonly client: { readonly cert: string; readonly key: string };
}

/** Made by openssl, for a day. */
export async function makeAuthority(): Promise<Authority> {
  const folder = await tempDir("git-model-ca-");
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => run("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...key,
    "-days",
    "1",
    "-subj",
    "/CN=Test authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  );
  await writeFile(at("names.cnf"), "subjectAltName=DNS:localhost\n");
  for (const name of ["localhost", "ada"]) {
    await openssl("req", "-new", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1"];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...signer, "-extfile", "names.cnf", "-out", `${name}.pem`);
  }
  return {
    file: at("ca.pem"),
    certificate: await readFile(at("ca.pem"), "utf8"),
    server: { key: await readFile(at("localhost.key"), "utf8"), cert: await readFile(at("localhost.pem"), "utf8") },
    client: { cert: at("ada.pem"), key: at("ada.key") },
  };
}
