import { cut } from './stories/cut.ts';
import { kill } from './stories/kill.ts';
import { quota } from './stories/quota.ts';
import { throttle } from './stories/throttle.ts';
import { token } from './stories/token.ts';
import type { Story } from './story.ts';

/** The faults that can be watched, by name. */
export const STORIES = { quota, token, kill, cut, throttle } as const satisfies Record<string, Story>;

/** Name of a fault. */
export type StoryName = keyof typeof STORIES;
