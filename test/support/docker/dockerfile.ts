/** One instruction: its name in upper case, and what follows it with continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** What stands between one FROM and the next. */
export interface Stage {
  /** What FROM says, without its flags and the name of the stage. */
  readonly from: string;
  readonly name?: string;
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile in parts; here-documents and parser directives are not understood. */
export interface Dockerfile {
  /** Defaults of the ARGs before the first FROM. */
  readonly args: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
}

/** Takes a Dockerfile apart; throws at a line that is no instruction. */
export function parseDockerfile(text: string): Dockerfile {
  const lines = text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line));
  const args = new Map<string, string>();
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction: ${line}`);
    if (name === 'FROM') stages.push(stageOf(rest));
    else if (stages.length > 0) stages.at(-1)?.instructions.push({ name, text: rest });
    else if (name === 'ARG') args.set(...pairOf(rest));
  }
  return { args, stages };
}

function stageOf(text: string): Stage & { instructions: Instruction[] } {
  const [from = '', , name] = text.split(/\s+/).filter((word) => !word.startsWith('--'));
  return { from, ...(name === undefined ? {} : { name }), instructions: [] };
}

function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Texts of the instructions of one name. */
export function textsOf({ instructions }: Stage, name: string): string[] {
  return instructions.flatMap((one) => (one.name === name ? [one.text] : []));
}
