import { z } from 'zod';
import { REPORT_INTERVAL_SECONDS } from '../../shared/api/report.ts';

const text = z.string().min(1).optional();
const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const https = z
  .url({ protocol: /^https?$/ })
  .refine(
    (url) => url.startsWith('https:') || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(url),
    'must be https',
  )
  .optional();

/** Application settings of the control plane; everything else in the environment is ignored. */
export const settingsSchema = z.object({
  /** File of the embedded store; without it Azure Tables are used. */
  MQTTBRIDGE_SQLITE_FILE: text,
  /** Table endpoint of a storage account, used with the app's identity: `https://ACCOUNT.table.core.windows.net`. */
  MQTTBRIDGE_TABLES_ENDPOINT: https,
  /** Instead of an endpoint: a connection string, such as that of Azurite. */
  MQTTBRIDGE_TABLES_CONNECTION_STRING: text,
  /** Set by the platform: the app's own storage account, used where none of the three above is set. */
  AzureWebJobsStorage: text,
  AzureWebJobsStorage__accountName: z
    .string()
    .regex(/^[a-z0-9]{3,24}$/)
    .optional(),
  AzureWebJobsStorage__tableServiceUri: https,
  /** Client ID of the identity for that account; without it `AZURE_CLIENT_ID`. */
  AzureWebJobsStorage__clientId: text,
  /** Microsoft Entra tenant whose tokens are taken. */
  MQTTBRIDGE_ENTRA_TENANT_ID: z.guid().optional(),
  /** Audience of those tokens: the application ID URI, or client ID, of the control plane. */
  MQTTBRIDGE_ENTRA_AUDIENCE: text,
  /** Who issues them, for sovereign clouds and tests. */
  MQTTBRIDGE_ENTRA_AUTHORITY: https.unwrap().default('https://login.microsoftonline.com'),
  /** SHA-256 of the administrator's key, in hexadecimal. */
  MQTTBRIDGE_ADMIN_KEY_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  MQTTBRIDGE_REPORT_INTERVAL_SECONDS: whole(
    REPORT_INTERVAL_SECONDS.default,
    REPORT_INTERVAL_SECONDS.min,
    REPORT_INTERVAL_SECONDS.max,
  ),
  /** How long a better state must last before it becomes the verdict, in seconds. */
  MQTTBRIDGE_RECOVER_AFTER_SECONDS: whole(60, 0, 86_400),
  /** Endpoint of the Event Grid custom topic for alerts; without it there are none. */
  MQTTBRIDGE_ALERT_TOPIC_ENDPOINT: https,
  /** Requests per second and caller, on average over 10 s, of each process. */
  MQTTBRIDGE_REQUESTS_PER_SECOND: whole(50, 1, 100_000),
  /** `True` where App Service authentication (Easy Auth) is in front; set by the platform. */
  WEBSITE_AUTH_ENABLED: text,
  /** Set by the platform: client ID of a user-assigned identity. */
  AZURE_CLIENT_ID: text,
});

/** Application settings of the control plane. */
export type Settings = z.infer<typeof settingsSchema>;
