/** One line of text as it may be shown: no userinfo and no query in URLs, no control or direction-changing characters. */
export function printable(text: string): string {
  return (
    text
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s?#]*@/gi, "$1")
      // A password with a slash in it, which should have been %2F: what follows the first colon is no port.
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s:@[]*:(?![0-9]*(?:[/?#\s'"]|$))[^\s'"]*@/gi, "$1")
      .replace(/(https?:\/\/[^\s?#'"]*)[?#][^\s'"]*/gi, "$1")
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
      .trim()
  );
}
