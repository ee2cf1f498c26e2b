import type { Flow, Scenario } from '../scenario.ts';
import { fromLocal, fromRemote, onEach, start } from './words.ts';

const odd = ['a//b', '/lead', 'trail/', '/', '//', 'with space/x', 'a/b/c/d/e/f/g/h/i/j'];
const long = ['l'.repeat(60_000), 'x/'.repeat(190), 'level/'.repeat(199)];
const foreign = ['größe/ä', '温度/室内', 'emoji/🌡️', 'right/שלום'];

const overlapping: readonly Flow[] = [
  { direction: 'out', pattern: 'over/#', qos: 1 },
  { direction: 'out', pattern: 'over/+', qos: 1 },
];

/** Which topics are taken and what they become. */
export const topics: readonly Scenario[] = [
  {
    name: 'match + and # alike',
    flows: [
      { direction: 'out', pattern: '+/status', qos: 1 },
      { direction: 'out', pattern: 'a/+/b', qos: 1 },
      { direction: 'out', pattern: 'site/#', qos: 1 },
    ],
    steps: [
      start,
      fromLocal(
        ...onEach(['x/status', '/status', 'x/y/status', 'status', 'x/status/', 'a/1/b', 'a//b', 'a/b', 'a/1/2/b']),
        ...onEach(['site', 'site/', 'site/x/y', 'sites', 'Site/x']),
      ),
    ],
    arrivals: 7,
  },
  {
    name: 'leave topics that begin with $ out of #',
    flows: [{ direction: 'out', pattern: '#', qos: 1, remotePrefix: 'copy/', target: 'copy/${inputTopic}' }],
    steps: [start, fromLocal(...onEach(['plain', '$other/x', 'a/$b']))],
    arrivals: 2,
  },
  {
    name: 'keep empty levels, leading and trailing slashes outward',
    flows: [{ direction: 'out', pattern: '#', qos: 1 }],
    steps: [start, fromLocal(...onEach(odd))],
    arrivals: odd.length,
  },
  {
    name: 'keep empty levels, leading and trailing slashes inward',
    flows: [{ direction: 'in', pattern: '#', qos: 1 }],
    steps: [start, fromRemote(...onEach(odd))],
    arrivals: odd.length,
  },
  {
    name: 'agree on overlapping filters but for the number of copies',
    versions: [4],
    flows: overlapping,
    steps: [start, fromLocal(...onEach(['over/a', 'over/a/b']))],
    arrivals: 2,
    differences: [
      {
        topic: 'over/a',
        mosquitto: {},
        ours: { repeated: true },
        because:
          '[MQTT-3.3.5-1] lets a broker send one copy per client to overlapping filters. Our routes are clients of their own, so each gets its copy.',
      },
    ],
  },
  {
    name: 'send one copy per filter where filters overlap',
    versions: [5],
    flows: overlapping,
    steps: [start, fromLocal(...onEach(['over/a', 'over/a/b']))],
    arrivals: 3,
  },
  {
    name: 'keep long topics of many levels',
    flows: [{ direction: 'out', pattern: '#', qos: 1 }],
    steps: [start, fromLocal(...onEach(long))],
    arrivals: long.length,
  },
  {
    name: 'keep topics of any script',
    flows: [{ direction: 'out', pattern: '+/+', qos: 1, remotePrefix: '站/', target: '站/${inputTopic}' }],
    steps: [start, fromLocal(...onEach(foreign))],
    arrivals: foreign.length,
  },
  {
    name: 'replace one prefix by another in both directions',
    flows: [
      {
        direction: 'out',
        pattern: '+/temp',
        qos: 1,
        localPrefix: 'dev/',
        remotePrefix: 'site7/up/',
        target: 'site7/up/${inputTopic.2}/temp',
      },
      {
        direction: 'in',
        pattern: '+/set',
        qos: 1,
        localPrefix: 'do/',
        remotePrefix: 'site7/down/',
        target: 'do/${inputTopic.3}/set',
      },
    ],
    steps: [
      start,
      { kind: 'publish', local: onEach(['dev/a/temp', 'dev//temp']), remote: onEach(['site7/down/b/set']) },
    ],
    arrivals: 3,
  },
  {
    name: 'put a prefix in front of everything below a filter',
    flows: [
      { direction: 'out', pattern: 'line/#', qos: 1, remotePrefix: 'plant/1/', target: 'plant/1/${inputTopic}' },
      { direction: 'in', pattern: 'order/#', qos: 1, localPrefix: 'cloud/', target: 'cloud/${inputTopic}' },
    ],
    steps: [
      start,
      { kind: 'publish', local: onEach(['line', 'line/a', 'line//b/']), remote: onEach(['order', 'order/1/2']) },
    ],
    arrivals: 5,
  },
  {
    name: 'rename one topic',
    flows: [
      { direction: 'out', pattern: '', qos: 1, localPrefix: 'oven/temp', remotePrefix: 'fleet/7', target: 'fleet/7' },
      { direction: 'in', pattern: '', qos: 1, localPrefix: 'oven/set', remotePrefix: 'fleet/set', target: 'oven/set' },
    ],
    steps: [start, { kind: 'publish', local: onEach(['oven/temp', 'oven']), remote: onEach(['fleet/set']) }],
    arrivals: 2,
  },
];
