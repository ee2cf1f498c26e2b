/** Where the demo is seen. */
export interface Screen {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Characters per line. */
  readonly columns: number;
}

/** Lines that are drawn over themselves, below text that stays. */
export interface Display {
  /** Replaces what was drawn before. */
  draw(lines: readonly string[]): void;
  /** Adds a line that stays, above what is drawn. */
  readonly note: (line: string) => void;
}

/** A display on a terminal by cursor movements; elsewhere everything is written one below the other. */
export function createDisplay(screen: Screen): Display {
  let drawn: readonly string[] = [];
  const write = (lines: readonly string[]): void => screen.write(lines.map((line) => `${line}\n`).join(''));
  // Up to the first line of the drawing, and clear from there to the end of the screen.
  const back = (): string => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\r\u001b[J`);
  if (!screen.isTTY) return { draw: write, note: (line) => write([line]) };
  return {
    draw(lines) {
      screen.write(back());
      write(lines);
      drawn = lines;
    },
    note(line) {
      screen.write(back());
      write([line, ...drawn]);
    },
  };
}
