import { openDesk } from '../processes/desk.ts';
import { format, renderText } from '../report/table.ts';
import { median } from '../statistics.ts';
import { type Adoptions, measureAdoptions } from './measure.ts';

// node bench/adoption/main.ts [ROUNDS]: how soon another instance carries on for one that was killed, or froze.
const rounds = Number(process.argv[2] ?? 10);
const targetMs = { killed: 2000, frozen: 5000 };

const { pool, folder } = openDesk();

const lab = { pool, folder, node: process.execPath, nodeOptions: [] };
const tell = (line: string) => console.error(line);
const results = [
  await measureAdoptions(lab, 'killed', rounds, tell),
  await measureAdoptions(lab, 'frozen', rounds, tell),
];
console.log(renderText({ title: 'First message through an adopted slot', rows: [heading(), ...results.map(rowOf)] }));
process.exitCode = results.every(isGood) ? 0 : 1;

function heading(): string[] {
  return ['instance', 'median ms', 'least', 'most', 'target', 'rounds', 'lost'];
}

function rowOf({ death, waits, lost }: Adoptions): string[] {
  const figures = [median(waits), Math.min(...waits), Math.max(...waits), targetMs[death], waits.length, lost];
  return [death, ...figures.map((figure) => format(figure, 0))];
}

function isGood({ death, waits, lost }: Adoptions): boolean {
  return lost === 0 && median(waits) <= targetMs[death];
}
