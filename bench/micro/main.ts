import { renderText } from '../report/table.ts';
import { timeCase } from './harness.ts';
import { pacing } from './pacing.ts';
import { topicMatching } from './topic-matching.ts';

// node bench/micro/main.ts [WORD]: times every case whose name holds WORD.
const cases = [...topicMatching, ...pacing];
const word = process.argv[2] ?? '';
const results = cases
  .filter(({ name }) => name.includes(word))
  .map((micro) => timeCase(micro, () => performance.now()));
const rows = results.map(({ name, nanoseconds, spread }) => [name, nanoseconds.toFixed(1), spread.toFixed(2)]);
console.log(renderText({ title: 'In-process functions', rows: [['case', 'ns/call', 'max/min'], ...rows] }));
