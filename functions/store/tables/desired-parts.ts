import { createHash } from 'node:crypto';
import type { SiteChange } from '../store.ts';
import { packText, partsOf, type Properties, unpackText } from './packed-text.ts';

type Desired = SiteChange['desired'];

const DIGITS = '0123456789abcdef';

/**
 * Desired revisions as properties of a head: sixteen of them, by the hash of the connector's name, so that what every report
 * of every agent reads is a sixteenth.
 */
export function packDesired(desired: Desired): Properties {
  const parts = Object.entries(Object.groupBy(Object.entries(desired), ([connector]) => nameOf(connector)));
  const packed = parts.map(([name, entries = []]) => packText(name, JSON.stringify(Object.fromEntries(entries))));
  return Object.assign({}, ...packed) as Properties;
}

/** Properties that the desired revision of a connector is in, for `select`. */
export function desiredPartsOf(connector: string): readonly string[] {
  return partsOf(nameOf(connector));
}

/** Reads the desired revision of one connector. */
export function unpackDesiredOf(connector: string, entity: Readonly<Record<string, unknown>>) {
  const part = unpackPart(nameOf(connector), entity);
  return Object.hasOwn(part, connector) ? part[connector] : undefined;
}

/** Reads back what `packDesired` made. */
export function unpackDesired(entity: Readonly<Record<string, unknown>>): Desired {
  return Object.fromEntries(
    Array.from(DIGITS, (digit) => Object.entries(unpackPart(`desired_${digit}_`, entity))).flat(),
  );
}

function unpackPart(name: string, entity: Readonly<Record<string, unknown>>): Desired {
  const there = partsOf(name).some((part) => entity[part] !== undefined && entity[part] !== null);
  return there ? (JSON.parse(unpackText(name, entity)) as Desired) : {};
}

function nameOf(connector: string): string {
  return `desired_${createHash('sha256').update(connector).digest('hex').slice(0, 1)}_`;
}
