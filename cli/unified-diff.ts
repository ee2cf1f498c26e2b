const CONTEXT = 3;
/** Above so many changed lines the shortest way between two texts is not looked for any more: it costs their square. */
const MAX_CHANGES = 1000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Hunks of a unified diff, as `diff -u` writes them; empty for equal texts. */
export function unifiedDiff(before: string, after: string): string {
  const lines = editScript(linesOf(before), linesOf(after));
  return hunksOf(lines)
    .map(({ start, end }) => hunkText(lines, start, end))
    .join('');
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function editScript(a: readonly string[], b: readonly string[]): Line[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const [oldPart, newPart] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  return [
    ...marked(' ', a.slice(0, head)),
    ...(shortest(oldPart, newPart) ?? [...marked('-', oldPart), ...marked('+', newPart)]),
    ...marked(' ', a.slice(a.length - tail)),
  ];
}

function marked(mark: Line['mark'], texts: readonly string[]): Line[] {
  return texts.map((text) => ({ mark, text }));
}

/** The shortest edit script (Myers 1986: the furthest reaching path for each number of changes); undefined when it is long. */
function shortest(a: readonly string[], b: readonly string[]): Line[] | undefined {
  const reached: Map<number, number>[] = [];
  let frontier = new Map([[1, 0]]);
  for (let changes = 0; changes <= Math.min(a.length + b.length, MAX_CHANGES); changes += 1) {
    reached.push(frontier);
    const next = new Map<number, number>();
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      let x = goesDown(frontier, diagonal, changes) ? at(frontier, diagonal + 1) : at(frontier, diagonal - 1) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return pathBack(a, b, reached);
    }
    frontier = next;
  }
  return undefined;
}

function pathBack(a: readonly string[], b: readonly string[], reached: readonly Map<number, number>[]): Line[] {
  const lines: Line[] = [];
  let [x, y] = [a.length, b.length];
  for (let changes = reached.length - 1; changes >= 0; changes -= 1) {
    const frontier = reached[changes] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = goesDown(frontier, diagonal, changes);
    const fromX = at(frontier, down ? diagonal + 1 : diagonal - 1);
    const fromY = fromX - (down ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY && x > 0 && y > 0) lines.push({ mark: ' ', text: a[(y--, --x)] ?? '' });
    if (changes > 0) lines.push(down ? { mark: '+', text: b[--y] ?? '' } : { mark: '-', text: a[--x] ?? '' });
  }
  return lines.toReversed();
}

function goesDown(frontier: ReadonlyMap<number, number>, diagonal: number, changes: number): boolean {
  return diagonal === -changes || (diagonal !== changes && at(frontier, diagonal - 1) < at(frontier, diagonal + 1));
}

function at(frontier: ReadonlyMap<number, number>, diagonal: number): number {
  return frontier.get(diagonal) ?? -1;
}

interface Hunk {
  readonly start: number;
  readonly end: number;
}

function hunksOf(lines: readonly Line[]): Hunk[] {
  const hunks: Hunk[] = [];
  for (const [index, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    const [start, end] = [Math.max(0, index - CONTEXT), Math.min(lines.length, index + CONTEXT + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && start <= last.end) hunks[hunks.length - 1] = { start: last.start, end };
    else hunks.push({ start, end });
  }
  return hunks;
}

function hunkText(lines: readonly Line[], start: number, end: number): string {
  const part = lines.slice(start, end);
  const place = (other: Line['mark']) => {
    const count = part.filter(({ mark }) => mark !== other).length;
    const before = lines.slice(0, start).filter(({ mark }) => mark !== other).length;
    // An empty side is named by the line before it.
    return `${count === 0 ? before : before + 1}${count === 1 ? '' : `,${count}`}`;
  };
  const body = part.map(({ mark, text }) => `${mark}${text}\n`).join('');
  return `@@ -${place('+')} +${place('-')} @@\n${body}`;
}
