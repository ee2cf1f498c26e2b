const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Certificates with fewer days than this are worth a warning. */
export const FEW_DAYS = 7;

/** What is left of something that ends. */
export interface Life {
  /** Whole days and minutes; negative when it has ended. */
  readonly days: number;
  readonly minutes: number;
  /** As part of a sentence. */
  readonly text: string;
}

/** What is left until a moment. @param end milliseconds since 1970. */
export function lifeOf(end: number, now: Date): Life {
  const left = end - now.getTime();
  const days = Math.floor(left / DAY_MS);
  const minutes = Math.floor(left / MINUTE_MS);
  return { days, minutes, text: days >= 2 ? `${days} days` : `${minutes} minutes` };
}

/** Whether somebody should renew it now. */
export function endsSoon({ days }: Life): boolean {
  return days < FEW_DAYS;
}
