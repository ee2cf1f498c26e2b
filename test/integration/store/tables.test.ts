import { afterAll, beforeAll, describe } from 'vitest';
import { createOperationCounter } from '../../../functions/store/counting.ts';
import { openTableStores } from '../../../functions/store/tables/open-table-stores.ts';
import { type Azurite, startAzurite } from '../../support/azurite.ts';
import { createScope } from '../../support/scope.ts';
import { describeContract, type StoresUnderTest } from './contract.ts';
import { describeProperties } from './contract-properties.ts';

const scope = createScope();
let azurite: Azurite;
let opened = 0;

beforeAll(async () => {
  azurite = await startAzurite(scope);
});
afterAll(() => scope.close());

async function openEmpty(): Promise<StoresUnderTest> {
  let ahead = 0;
  const prefix = `mqttbridge${opened++}`;
  const { connectionString } = azurite;
  const counter = createOperationCounter();
  const options = { now: () => Date.now() + ahead, prefix, observe: counter.observe };
  const stores = await openTableStores({ connectionString }, options);
  return { stores, advance: (ms) => void (ahead += ms), counter };
}

describe('table store', () => {
  describeContract(openEmpty);
  describeProperties(openEmpty, 15);
});
