import { eventGrid2023, eventGrid2026 } from '../../../../local/emulator/profiles.ts';
import { settingsSchema, type EventGridSettings } from '../../../../local/emulator/settings.ts';

/** Settings for what Event Grid's documents leave open. */
const OPEN = new Set<string>([
  'burstSeconds',
  'connectThrottleReasonCode',
  'unknownMethodReasonCode',
  'whenThrottled',
  'throttleReasonCode',
  'whenOutboundThrottled',
  'whenUnauthorized',
  'whenTokenExpires',
  'reauthenticationReply',
  'receiveMaximum',
  'retainV3',
  'maximumInboundInflightBytes',
]);

function shown(value: EventGridSettings[keyof EventGridSettings]): string {
  if (value === undefined) return 'none';
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value);
}

/** The table of all settings as the reference page has it. */
export function settingRows(): string[] {
  const rows = Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const key = name as keyof EventGridSettings;
    const star = OPEN.has(name) ? '*' : '';
    const about = schema.description ?? schema.unwrap().description ?? '';
    return `| \`${name}\`${star} | ${about} | ${shown(eventGrid2026[key])} | ${shown(eventGrid2023[key])} |`;
  });
  return ['| Setting | Is | 2026 | 2023 |', '|---|---|---|---|', ...rows];
}
