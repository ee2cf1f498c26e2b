import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { createOperationCounter } from '../../../functions/store/counting.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { describeContract, type StoresUnderTest } from './contract.ts';
import { describeProperties } from './contract-properties.ts';

const scope = createScope();
afterAll(() => scope.close());

async function openEmpty(): Promise<StoresUnderTest> {
  let ahead = 0;
  const file = join(await createTempDir(scope, 'store'), 'data', 'store.sqlite');
  const counter = createOperationCounter();
  const stores = openSqliteStores({ file, now: () => Date.now() + ahead, observe: counter.observe });
  scope.onTestFinished(() => stores.close());
  return { stores, advance: (ms) => void (ahead += ms), counter };
}

describe('sqlite store', () => {
  describeContract(openEmpty);
  describeProperties(openEmpty, 25);
});
