/**
 * Globs of the policy: `*` is any run of characters, none included, that holds no separator (DETAILS 18). Everything
 * else stands for itself. Matching takes at most glob x text steps, whatever the glob.
 */

/** True iff the glob matches the whole model name; `*` does not cross `/`. */
export function matchesModel(glob: string, model: string): boolean {
  return matchesGlob(glob, model, "/");
}

/** True iff the glob matches the whole slice key; `*` crosses neither `,` nor `=`. */
export function matchesSlice(glob: string, slice: string): boolean {
  return matchesGlob(glob, slice, ",=");
}

/**
 * Greedy matching that goes back to the last star only. That is enough, though stars stop at separators: a separator
 * of the text can only meet one of the glob, so what lies before it is settled once it is passed.
 */
function matchesGlob(glob: string, text: string, separators: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < text.length) {
    if (glob[at] === "*") {
      star = at++;
      resume = index;
    } else if (glob[at] === text[index]) {
      at++;
      index++;
    } else if (star >= 0 && !separators.includes(text[resume] ?? "")) {
      index = ++resume;
      at = star + 1;
    } else {
      return false;
    }
  }
  while (glob[at] === "*") at++;
  return at === glob.length;
}
