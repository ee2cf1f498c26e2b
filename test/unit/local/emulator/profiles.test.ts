import { expect, test } from 'vitest';
import { eventGrid2023, eventGrid2026, eventGridProfiles } from '../../../../local/emulator/profiles.ts';
import { settingsSchema, type EventGridSettings } from '../../../../local/emulator/settings.ts';

test('what came after 2023 is not there in that profile, and nothing else differs', () => {
  const keys = Object.keys(eventGrid2026) as (keyof EventGridSettings)[];
  const different = keys.filter((key) => eventGrid2023[key] !== eventGrid2026[key]);
  expect(Object.fromEntries(different.map((key) => [key, eventGrid2023[key]]))).toEqual({
    name: 'eventgrid-2023',
    retainAvailable: false,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: false,
    maximumInflightMessages: 16,
    maximumTopicLevels: 8,
    inboundMessagesPerSecond: 100,
    willAvailable: false,
    customAuthenticationAvailable: false,
    assignedClientIdentifierAvailable: false,
  });
});

test('the profile without a date is the newest', () => {
  expect(eventGridProfiles.eventgrid).toBe(eventGrid2026);
});

test('the values of a profile are values a file may give', () => {
  for (const profile of [eventGrid2023, eventGrid2026]) {
    const given = Object.fromEntries(Object.entries(profile).filter(([name]) => name in settingsSchema.shape));
    expect(settingsSchema.safeParse(given).error).toBeUndefined();
  }
});
