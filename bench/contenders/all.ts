import type { BridgeTask, Contender, ContenderName, Lab } from './contender.ts';
import { startOurs } from './ours.ts';

function peer(folder: string) {
  const module = new URL(`../peers/${folder}/main.ts`, import.meta.url).pathname;
  return (lab: Lab, task: BridgeTask) => lab.pool.spawn(lab.node, [module, JSON.stringify(task)]);
}

function noProgram(): never {
  throw new Error('this contender has no program of its own');
}

/** Every contender, by name. */
export const contenders: Readonly<Record<ContenderName, Contender>> = {
  direct: { name: 'direct', title: 'no bridge (one broker)', place: 'none', start: noProgram },
  mosquitto: { name: 'mosquitto', title: "Mosquitto's bridge", place: 'broker', start: noProgram },
  plain: { name: 'plain', title: 'plain mqtt.js', place: 'process', start: peer('plain') },
  pipelined: { name: 'pipelined', title: 'pipelined mqtt.js', place: 'process', start: peer('pipelined') },
  ours: { name: 'ours', title: 'mqttbridge', place: 'process', start: startOurs },
  null: { name: 'null', title: 'byte pipe (upper bound)', place: 'process', start: peer('null') },
};
