import { describe, expect, test } from 'vitest';
import { openStores, placeOf } from '../../../../functions/store/open.ts';

describe('the place of the store', () => {
  const file = { MQTTBRIDGE_SQLITE_FILE: '/data/store.sqlite' };
  const endpoint = { MQTTBRIDGE_TABLES_ENDPOINT: 'https://ours.table.core.windows.net' };
  const connectionString = { MQTTBRIDGE_TABLES_CONNECTION_STRING: 'ours' };
  const platform = { AzureWebJobsStorage: 'platform' };
  const account = { AzureWebJobsStorage__accountName: 'platform' };
  const uri = { AzureWebJobsStorage__tableServiceUri: 'https://private.table.core.windows.net' };
  const ids = { AZURE_CLIENT_ID: 'app', AzureWebJobsStorage__clientId: 'storage' };
  const [ours, ofPlatform] = ['https://ours.table.core.windows.net', 'https://platform.table.core.windows.net'];

  test.each([
    [
      'a file before all else',
      { ...platform, ...connectionString, ...endpoint, ...file },
      { kind: 'sqlite', file: '/data/store.sqlite' },
    ],
    [
      'an endpoint, as the app',
      { ...platform, ...connectionString, ...endpoint },
      { kind: 'identity', endpoint: ours },
    ],
    [
      'an endpoint, as one identity of several',
      { ...endpoint, ...ids },
      { kind: 'identity', endpoint: ours, clientId: 'app' },
    ],
    [
      'a connection string',
      { ...platform, ...uri, ...connectionString },
      { kind: 'connection-string', connectionString: 'ours' },
    ],
    [
      "the platform's tables",
      { ...account, ...uri, ...ids },
      { kind: 'identity', endpoint: uri.AzureWebJobsStorage__tableServiceUri, clientId: 'storage' },
    ],
    [
      "the platform's account",
      { ...account, AZURE_CLIENT_ID: 'app' },
      { kind: 'identity', endpoint: ofPlatform, clientId: 'app' },
    ],
    ["the platform's connection string", platform, { kind: 'connection-string', connectionString: 'platform' }],
    ['nowhere', {}, { kind: 'none' }],
  ])('is %s', (_, settings, expected) => {
    expect(placeOf(settings)).toEqual(expected);
  });

  test('a store that is used as an identity is opened without a word to anybody', async () => {
    const stores = await openStores({ ...endpoint, ...ids }, { now: Date.now });
    await stores.close();
  });

  test('without a store every operation says what to set, and opening it does not fail', async () => {
    const stores = await openStores({}, { now: Date.now });
    const refused = {
      name: 'StoreError',
      code: 'unavailable',
      message: expect.stringContaining('MQTTBRIDGE_SQLITE_FILE'),
    };
    await expect(stores.bridges.readHead('hall-1')).rejects.toMatchObject(refused);
    await expect(stores.reports.list('hall-1')).rejects.toMatchObject(refused);
    await expect(stores.grants.list('hall-1')).rejects.toMatchObject(refused);
    await stores.close();
  });
});
