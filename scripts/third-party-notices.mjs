import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The licences of the packages that a bundle carries: their terms ask that the text travels with the code.
 * @param {string} root the project's directory
 * @param {readonly string[]} inputs the files that went into the bundle, relative to it
 */
export async function noticesOf(root, inputs) {
  const folders = new Set(inputs.map(packageFolderOf).filter((folder) => folder !== null));
  const notices = await Promise.all([...folders].sort().map((folder) => noticeOf(join(root, folder))));
  return `git-model carries code of the packages below, each under its own licence.\n\n${notices.join("\n")}`;
}

function packageFolderOf(input) {
  const at = input.lastIndexOf("node_modules/");
  if (at === -1) return null;
  const [first, second] = input.slice(at + "node_modules/".length).split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  return `${input.slice(0, at)}node_modules/${name}`;
}

async function noticeOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? "" : await readFile(join(folder, file), "utf8");
  return `--- ${name} ${version} (${typeof license === "string" ? license : "see below"}) ---\n\n${text.trim()}\n`;
}
