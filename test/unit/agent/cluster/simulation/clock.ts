/** Time that passes only when it is told to; what is due at the same time runs in the order it was asked for. */
export class VirtualClock {
  #now = 0;
  #order = 0;
  #due: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];

  readonly now = (): number => this.#now;

  /** Runs something in `ms` milliseconds. */
  after(ms: number, run: () => void): void {
    const entry = { at: this.#now + ms, order: this.#order++, run };
    let index = this.#due.length;
    while (index > 0 && isBefore(entry, this.#due[index - 1])) index--;
    this.#due.splice(index, 0, entry);
  }

  /** Lets `ms` milliseconds pass. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#due[0]; next && next.at <= end; next = this.#due[0]) {
      this.#due.shift();
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

function isBefore(a: { readonly at: number; readonly order: number }, b: typeof a): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
