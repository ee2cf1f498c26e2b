import { resolve } from 'node:path';
import { assemble } from './assemble.ts';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('which folder is to be made? node build/image/main.ts FOLDER');
await assemble(resolve(import.meta.dirname, '../..'), resolve(target));
