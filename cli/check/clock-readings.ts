/** What somebody else's clock showed, against this machine's at the same moment. */
export interface ClockReading {
  /** Who it was, as part of a sentence. */
  readonly source: string;
  /** Seconds that the other clock is ahead; negative when it is behind. */
  readonly aheadSeconds: number;
}

/** Collects what is heard of the time while other things are asked for. */
export interface ClockReadings {
  readonly all: readonly ClockReading[];
  /** Takes a `Date` header (RFC 9110, 6.6.1), or none. */
  heard(source: string, date: string | null | undefined): void;
}

/** @param wallClock this machine's. */
export function createClockReadings(wallClock: () => Date): ClockReadings {
  const all: ClockReading[] = [];
  return {
    all,
    heard(source, date) {
      const shown = date ? Date.parse(date) : Number.NaN;
      if (Number.isNaN(shown)) return;
      all.push({ source, aheadSeconds: Math.round((shown - wallClock().getTime()) / 1000) });
    },
  };
}
