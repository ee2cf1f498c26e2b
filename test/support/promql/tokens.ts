/** One word or sign of an expression. */
export interface Token {
  readonly kind: 'name' | 'number' | 'duration' | 'string' | 'sign';
  readonly text: string;
}

const TOKEN =
  /\s*(?:(?<duration>\d+[smhdw](?![\w]))|(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<name>[A-Za-z_][\w:]*)|(?<string>"(?:[^"\\]|\\.)*")|(?<sign>==|!=|<=|>=|=~|!~|[-+*/(){}[\],<>=]))/y;

/** Cuts an expression into tokens; throws where there is none. */
export function tokensOf(text: string): Token[] {
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  const tokens: Token[] = [];
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (!groups) throw new Error(`no PromQL at ${JSON.stringify(text.slice(at, at + 20))}`);
    const [kind, found] = Object.entries(groups).find(([, value]) => value !== undefined) as [Token['kind'], string];
    tokens.push({ kind, text: kind === 'string' ? (JSON.parse(found) as string) : found });
  }
  return tokens;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** The seconds of a duration such as `5m`. */
export function secondsOf(duration: string): number {
  return Number(duration.slice(0, -1)) * (UNIT_SECONDS[duration.slice(-1)] ?? Number.NaN);
}
