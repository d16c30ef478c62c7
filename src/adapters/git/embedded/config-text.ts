/** One variable of a config file, and where it stands in the text. */
export interface ConfigEntry {
  /** `section.subsection.name`: section and name in lower case, the subsection as it is. */
  readonly key: string;
  /** Null for a name without a value, which means true. */
  readonly value: string | null;
  /** From the first character of the name to the end of its last line, without the line feed. */
  readonly start: number;
  readonly end: number;
}

interface ConfigSection {
  readonly name: string;
  /** Where the next variable of this section would go: behind its last line. */
  readonly end: number;
}

export interface ConfigText {
  readonly entries: readonly ConfigEntry[];
  readonly sections: readonly ConfigSection[];
}

/** Reads Git's config format; null when it is malformed. */
export function parseConfig(text: string): ConfigText | null {
  const entries: ConfigEntry[] = [];
  const sections: { name: string; end: number }[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (/\s/.test(char)) {
      at += 1;
    } else if (char === "#" || char === ";") {
      at = endOfLine(text, at);
    } else if (char === "[") {
      const header = readHeader(text, at);
      if (header === null) return null;
      sections.push({ name: header.name, end: header.end });
      at = header.end;
    } else {
      const section = sections.at(-1);
      const variable = section && readVariable(text, at);
      if (!section || !variable) return null;
      entries.push({ key: `${section.name}.${variable.name}`, value: variable.value, start: at, end: variable.end });
      section.end = variable.end;
      at = variable.end;
    }
  }
  return { entries, sections };
}

/**
 * The text with the key set: the last line that sets it is replaced, else a line is added to its section, else a section
 * at the end. Comments and everything else stay as they are. Null when the text or the key is malformed.
 */
export function setInConfig(text: string, key: string, value: string): string | null {
  const parts = splitKey(key);
  const parsed = parseConfig(text);
  if (parts === null || parsed === null || value.includes("\0")) return null;
  const line = `${parts.name} = ${quoteValue(value)}`;
  const existing = parsed.entries.findLast((entry) => entry.key === normalKey(key));
  if (existing !== undefined) return `${text.slice(0, existing.start)}${line}${text.slice(existing.end)}`;
  const section = parsed.sections.findLast(({ name }) => name === parts.section);
  if (section !== undefined) return `${text.slice(0, section.end)}\n\t${line}${text.slice(section.end)}`;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text}${gap}${parts.header}\n\t${line}\n`;
}

/** The key as entries have it; null when it is no key. */
export function normalKey(key: string): string | null {
  const parts = splitKey(key);
  return parts && `${parts.section}.${parts.name.toLowerCase()}`;
}

function splitKey(key: string) {
  const match = /^([A-Za-z0-9-]+)\.(?:([^\n\0]+)\.)?([A-Za-z][A-Za-z0-9-]*)$/.exec(key);
  if (match === null) return null;
  const [, first = "", subsection, name = ""] = match;
  const section = first.toLowerCase();
  if (subsection === undefined) return { section, name, header: `[${first}]` };
  return {
    section: `${section}.${subsection}`,
    name,
    header: `[${first} "${subsection.replace(/[\\"]/g, "\\$&")}"]`,
  };
}

function quoteValue(value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return /[#;\r]|^\s|\s$/.test(value) ? `"${escaped}"` : escaped;
}

function readHeader(text: string, start: number): { readonly name: string; readonly end: number } | null {
  const pattern = /\[[ \t]*([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?[ \t]*\]/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, section = "", subsection] = match;
  const name = section.toLowerCase();
  const full = subsection === undefined ? name : `${name}.${subsection.replace(/\\(.)/g, "$1")}`;
  return { name: full, end: pattern.lastIndex };
}

function readVariable(text: string, start: number) {
  const pattern = /([A-Za-z][A-Za-z0-9-]*)[ \t]*(=)?/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) return null;
  const name = (match[1] ?? "").toLowerCase();
  if (match[2] === undefined) {
    const rest = /[ \t\r]*(?:[#;][^\n]*)?(?=\n|$)/y;
    rest.lastIndex = pattern.lastIndex;
    return rest.test(text) ? { name, value: null, end: endOfLine(text, start) } : null;
  }
  const value = readValue(text, pattern.lastIndex);
  return value && { name, value: value.value, end: value.end };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", b: "\b", '"': '"', "\\": "\\" };

/** Quotes, escapes, continued lines and comments as Git reads them; blanks around the value go, inside they stay. */
function readValue(text: string, start: number): { readonly value: string; readonly end: number } | null {
  let value = "";
  let kept = 0;
  let quoted = false;
  let at = start;
  for (; at < text.length && text[at] !== "\n"; at++) {
    const char = text[at] ?? "";
    if (char === "\\") {
      const next = text[at + 1] === "\r" && text[at + 2] === "\n" ? "\n" : text[at + 1];
      if (next === "\n") {
        at = text.indexOf("\n", at);
        continue;
      }
      const meant = ESCAPES[next ?? ""];
      if (meant === undefined) return null;
      value += meant;
      kept = value.length;
      at += 1;
    } else if (char === '"') {
      quoted = !quoted;
      kept = value.length;
    } else if (!quoted && (char === "#" || char === ";")) {
      return { value: value.slice(0, kept), end: endOfLine(text, at) };
    } else if (quoted || !/[ \t\r]/.test(char)) {
      value += char;
      kept = value.length;
    } else if (value !== "") {
      value += char;
    }
  }
  return quoted ? null : { value: value.slice(0, kept), end: at };
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
