import type { Settings } from '../wiring/settings.ts';

/** Whose tokens are taken. */
export interface EntraWay {
  /** Lower case. */
  readonly tenant: string;
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly keysUrl: URL;
}

/** By what callers of this app can prove who they are. */
export interface Ways {
  readonly entra?: EntraWay;
  readonly adminKeySha256?: string;
  /** App Service authentication is in front, and says who is who in this tenant. */
  readonly easyAuth?: { readonly tenant: string };
  /** Settings that are there and yet have no effect, each as a sentence for the log. */
  readonly faults: readonly string[];
}

type AuthenticationSettings = Pick<
  Settings,
  | 'MQTTBRIDGE_ENTRA_TENANT_ID'
  | 'MQTTBRIDGE_ENTRA_AUDIENCE'
  | 'MQTTBRIDGE_ENTRA_AUTHORITY'
  | 'MQTTBRIDGE_ADMIN_KEY_SHA256'
  | 'WEBSITE_AUTH_ENABLED'
>;

/** What the settings allow; a way of which one half is missing is closed. */
export function waysOf(settings: AuthenticationSettings): Ways {
  const { MQTTBRIDGE_ENTRA_AUDIENCE: audience, MQTTBRIDGE_ADMIN_KEY_SHA256: adminKeySha256 } = settings;
  const tenant = settings.MQTTBRIDGE_ENTRA_TENANT_ID?.toLowerCase();
  const inFront = settings.WEBSITE_AUTH_ENABLED?.toLowerCase() === 'true';
  return {
    ...(tenant !== undefined && audience !== undefined
      ? { entra: entraWay(tenant, audience, settings.MQTTBRIDGE_ENTRA_AUTHORITY) }
      : {}),
    ...(adminKeySha256 === undefined ? {} : { adminKeySha256 }),
    ...(inFront && tenant !== undefined ? { easyAuth: { tenant } } : {}),
    faults: faultsOf(tenant, audience, inFront),
  };
}

/** Whether nobody could get in. */
export function isUnconfigured({ entra, adminKeySha256, easyAuth }: Ways): boolean {
  return entra === undefined && adminKeySha256 === undefined && easyAuth === undefined;
}

function entraWay(tenant: string, audience: string, authority: string): EntraWay {
  const base = authority.replace(/\/+$/, '');
  const bare = audience.replace(/\/$/, '');
  return {
    tenant,
    issuers: [`${base}/${tenant}/v2.0`, `https://${oldIssuerHost(base)}/${tenant}/`],
    audiences: [bare, `${bare}/`],
    keysUrl: new URL(`${base}/${tenant}/discovery/v2.0/keys`),
  };
}

/** Tokens of version 1.0 name another issuer than their authority. */
function oldIssuerHost(authority: string): string {
  return new URL(authority).hostname.endsWith('.cn') ? 'sts.chinacloudapi.cn' : 'sts.windows.net';
}

function faultsOf(tenant: string | undefined, audience: string | undefined, inFront: boolean): string[] {
  const faults: string[] = [];
  if (tenant === undefined && audience !== undefined) {
    faults.push('MQTTBRIDGE_ENTRA_AUDIENCE is set, MQTTBRIDGE_ENTRA_TENANT_ID is not: tokens are refused.');
  }
  if (tenant !== undefined && audience === undefined && !inFront) {
    faults.push('MQTTBRIDGE_ENTRA_TENANT_ID is set, MQTTBRIDGE_ENTRA_AUDIENCE is not: tokens are refused.');
  }
  if (inFront && tenant === undefined) {
    faults.push(
      'WEBSITE_AUTH_ENABLED is set, MQTTBRIDGE_ENTRA_TENANT_ID is not: who App Service vouches for is not let in, since it might be of any tenant.',
    );
  }
  return faults;
}
