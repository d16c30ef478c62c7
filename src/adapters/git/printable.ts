/** One line of text as it may be shown: no userinfo and no query in URLs, no control or direction-changing characters. */
export function printable(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s?#]*@/gi, "$1")
    .replace(/(https?:\/\/[^\s?#'"]*)[?#][^\s'"]*/gi, "$1")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}
