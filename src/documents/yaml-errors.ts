import type { ErrorCode } from "yaml";

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "aliases (*name) are not allowed",
  BAD_ALIAS: "aliases (*name) are not allowed",
  BAD_COLLECTION_TYPE: "tags (!name) are not allowed",
  BAD_DIRECTIVE: "directives (lines that begin with %) are not allowed",
  BAD_DQ_ESCAPE: "an escape in this quoted text is not known",
  BAD_INDENT: "the indentation does not fit the lines before",
  BAD_PROP_ORDER: "anchors and tags are not allowed",
  BAD_SCALAR_START: "a value cannot begin with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second colon in one line: put the text in quotes",
  BLOCK_IN_FLOW: "this cannot stand between braces or brackets",
  KEY_OVER_1024_CHARS: "a key has at most 1024 characters",
  MISSING_CHAR: "something is missing here: a colon, a comma, a quote or a bracket",
  MULTILINE_IMPLICIT_KEY: "a key stands on one line, followed by a colon",
  MULTIPLE_ANCHORS: "anchors (&name) are not allowed",
  MULTIPLE_DOCS: "the file holds more than one document",
  MULTIPLE_TAGS: "tags (!name) are not allowed",
  NON_STRING_KEY: "a key is text, not a list or a map",
  RESOURCE_EXHAUSTION: "the file is nested too deeply",
  TAB_AS_INDENT: "lines are indented with spaces, not tabs",
  TAG_RESOLVE_FAILED: "tags (!name) are not allowed",
  UNEXPECTED_TOKEN: "this is not expected here",
};

/** Says in our words what the YAML library found. */
export function sentenceOfYamlError(code: ErrorCode): string {
  return SENTENCES[code] ?? "this is not valid YAML";
}
