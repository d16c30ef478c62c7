/** Part of a concrete syntax tree of the YAML library: a document, a collection, an item or a scalar. */
interface SyntaxToken {
  readonly offset?: number;
  readonly items?: readonly unknown[];
  readonly key?: unknown;
  readonly value?: unknown;
}

/**
 * Offset of the first collection that lies deeper than the limit, or null. It does not recurse, and it has to run
 * before anything that does: V8 ends the process when a regular expression is compiled near the end of the stack.
 */
export function findTooDeep(root: unknown, limit: number): number | null {
  const open: { readonly token: unknown; readonly depth: number }[] = [{ token: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.token !== "object" || next.token === null) continue;
    const { items, key, value, offset } = next.token as SyntaxToken;
    const depth = Array.isArray(items) ? next.depth + 1 : next.depth;
    if (depth > limit) return offset ?? 0;
    for (const child of items ?? []) open.push({ token: child, depth });
    if (key !== undefined) open.push({ token: key, depth });
    if (value !== undefined) open.push({ token: value, depth });
  }
  return null;
}
