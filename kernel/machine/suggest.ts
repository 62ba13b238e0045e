/** "Did you mean": the nearest known word to a mistyped one. */

const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = row;
  }
  return previous[b.length];
};

/** The candidate closest to `word`, or one that `word` begins, unless all are too far to be a slip of the keyboard. Words longer than 200 characters get none. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  if (word.length > 200) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const away = distance(word.toLowerCase(), candidate.toLowerCase());
    if (away < bestDistance) {
      best = candidate;
      bestDistance = away;
    }
  }
  return best ?? (word.length >= 3 ? candidates.find((candidate) => candidate.startsWith(word)) : undefined);
};

/** `; did you mean "x"?`, or the known words when none is near, or that there are none. */
export const hint = (word: string, candidates: Iterable<string>, what: string): string => {
  const known = [...candidates];
  const near = nearest(word, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  if (known.length === 0) return `; there are no ${what}`;
  const shown = known.slice(0, 12).join(", ");
  return `; known ${what}: ${shown}${known.length > 12 ? ", ..." : ""}`;
};
