/** When a timer is due: which seconds, minutes, hours, days, months and days of the week, all of which must fit, in UTC. */
export interface Schedule {
  /** The first due time after `after`, both in milliseconds since 1970; undefined when there is none in the next 30 years. */
  next(after: number): number | undefined;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of the week', min: 0, max: 6, names: DAYS },
];

const DAY_MS = 86_400_000;
// 29 February falls on each day of the week within 28 years, except across 2100.
const HORIZON_DAYS = 30 * 366;

/** Reads an NCRONTAB expression of six fields, or of five for second 0; throws with a sentence for any other text. */
export function parseSchedule(expression: string): Schedule {
  const given = expression.trim().split(/\s+/);
  const texts = given.length === 5 ? ['0', ...given] : given;
  if (texts.length !== FIELDS.length) throw new Error(`"${expression}" is not an NCRONTAB expression of six fields`);
  const [seconds, minutes, hours, days, months, weekdays] = FIELDS.map((field, index) =>
    parseField(field, texts[index]),
  );
  const isDue = (day: Date) =>
    months.includes(day.getUTCMonth() + 1) && days.includes(day.getUTCDate()) && weekdays.includes(day.getUTCDay());
  return {
    next(after) {
      const from = Math.floor(after / 1000) * 1000 + 1000;
      const midnight = from - (from % DAY_MS);
      for (let index = 0; index < HORIZON_DAYS; index++) {
        const day = midnight + index * DAY_MS;
        if (!isDue(new Date(day))) continue;
        const time = firstTime([hours, minutes, seconds], index === 0 ? (from - midnight) / 1000 : 0);
        if (time !== undefined) return day + time * 1000;
      }
      return undefined;
    },
  };
}

/** The first second of a day, from `from` on, at which hour, minute and second fit. */
function firstTime([hours, minutes, seconds]: readonly (readonly number[])[], from: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3600 + 3599 < from) continue;
    for (const minute of minutes) {
      const start = hour * 3600 + minute * 60;
      const second = seconds.find((candidate) => start + candidate >= from);
      if (second !== undefined) return start + second;
    }
  }
  return undefined;
}

function parseField(field: Field, text: string): readonly number[] {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const { from, to, step } = parsePart(field, part);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

/** `*`, `5`, `1-5`, each perhaps with `/step`; `5/15` goes on from 5 to the greatest value. */
function parsePart(field: Field, part: string): { from: number; to: number; step: number } {
  const [, range = '', stepText] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
  const step = stepText === undefined ? 1 : Number(stepText);
  const [low = '', high, excess] = range.split('-');
  const isAll = range === '*';
  const from = isAll ? field.min : valueOf(field, low);
  const alone = stepText === undefined ? from : field.max;
  const to = isAll ? field.max : high === undefined ? alone : valueOf(field, high);
  if (from === undefined || to === undefined || excess !== undefined || from > to || step < 1)
    throw new Error(`"${part}" is not a ${field.name} of an NCRONTAB expression`);
  return { from, to, step };
}

function valueOf({ min, max, names }: Field, text: string): number | undefined {
  const name = names?.indexOf(text.slice(0, 3).toLowerCase()) ?? -1;
  if (name >= 0 && /^[a-z]{3,9}$/i.test(text)) return name + min;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
