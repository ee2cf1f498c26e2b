import { describe, expect, it } from 'vitest';
import { EVENT_GRID_PROFILE, GENERIC_PROFILE, remoteProfileOf } from '../../../shared/remote-profile.ts';
import { sampleConnector } from './sample.ts';

describe('remoteProfileOf', () => {
  it.each([
    ['ns.westeurope-1.ts.eventgrid.azure.net:8883', undefined, 'eventgrid'],
    ['NS.WestEurope-1.TS.EventGrid.Azure.NET:443', undefined, 'eventgrid'],
    ['ns.westeurope-1.ts.eventgrid.azure.net:8883', 'generic', 'generic'],
    ['mqtt.example.com:8883', undefined, 'generic'],
    ['mqtt.example.com:8883', 'eventgrid', 'eventgrid'],
    ['eventgrid.azure.net.example.com:8883', undefined, 'generic'],
    ['[::1]:8883', undefined, 'generic'],
  ] as const)('%s with profile %s: %s', (endpoint, profile, name) => {
    const connector = sampleConnector({
      remoteBrokerConnection: {
        endpoint,
        tls: { tlsEnabled: true },
        authentication: { x509: { secretName: 'client' } },
        ...(profile && { profile }),
      },
    });
    expect(remoteProfileOf(connector)).toBe(name === 'eventgrid' ? EVENT_GRID_PROFILE : GENERIC_PROFILE);
  });
});
