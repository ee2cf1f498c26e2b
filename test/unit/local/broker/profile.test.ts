import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { genericProfile } from '../../../../local/broker/profile.ts';

const optional = ['serverKeepAlive', 'maximumKeepAlive', 'maximumSessionExpiry', 'maximumRetainedExpiry'];

test('profile - the README names every setting', async () => {
  const readme = await readFile(new URL('../../../../local/broker/README.md', import.meta.url), 'utf8');
  const missing = [...Object.keys(genericProfile), ...optional].filter((name) => !readme.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
