/** A URL as messages may show it: without userinfo, query and fragment, and not longer than a line or two. */
export function shownUrl(url: URL): string {
  const shown = `${url.origin}${url.pathname}`;
  return shown.length <= SHOWN_CHARACTERS ? shown : `${shown.slice(0, SHOWN_CHARACTERS - 1)}…`;
}

const SHOWN_CHARACTERS = 200;
