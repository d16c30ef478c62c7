/** Characters that show nothing or change how others are shown: controls, bidi, zero width, private use, fillers. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]|\p{Default_Ignorable_Code_Point}/gu;

/** Untrusted text on one line with everything invisible made visible: a line feed is ⏎, U+202E is ⟨U+202E⟩. */
export function visibleText(text: string, limit: number = Number.POSITIVE_INFINITY): string {
  const shown = clip(text, limit)
    .replace(/\r\n|\n/g, "⏎")
    .replace(/\t/g, " ");
  return shown.replace(INVISIBLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}

/** At most `limit` characters, cut between code points, with an ellipsis where something is missing. */
function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, Math.max(0, limit - 1)).replace(/[\ud800-\udbff]$/, "")}…`;
}
