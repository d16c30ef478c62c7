/** Stores one file until it is killed or done. Arguments: storage, file. */
import { openLocalStore } from "../../../src/adapters/lfs/local-store.ts";

const [, , storage = "", file = ""] = process.argv;
const store = openLocalStore({ commonDir: storage, storage });
process.stdout.write("begins\n");
const { sha256 } = await store.ingest(file, () => process.stdout.write("."));
process.stdout.write(`${sha256}\n`);
