// What a terminal would obey: C0 with ESC, DEL, C1, and the controls that change the direction of writing.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text of somebody else's as one line that a terminal only shows: agents and brokers have a say in it. */
export function plainText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(CONTROL, '\uFFFD');
}
