/** Where the demo is seen. */
export interface Screen {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Characters per line. */
  readonly columns: number;
}

/** Returns a function that draws lines in place of the ones it drew before. */
export function createRedraw(screen: Screen): (lines: readonly string[]) => void {
  let drawn = 0;
  return (lines) => {
    // Up to the first line of the last drawing, and clear from there to the end of the screen.
    const back = drawn === 0 ? '' : `\u001b[${drawn}A\r\u001b[J`;
    screen.write(`${back}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
}
