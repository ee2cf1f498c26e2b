import { describe, expect, test } from 'vitest';
import { parseControlPlane, reportUrl } from '../../../../../agent/config/control-plane/address.ts';

describe('the address of a control plane', () => {
  test.each([
    ['https://bridges.example.net', 'https://bridges.example.net/'],
    ['https://bridges.example.net/', 'https://bridges.example.net/'],
    ['https://bridges.example.net/api/', 'https://bridges.example.net/'],
    ['https://example.net:8443/mqtt/bridges/api', 'https://example.net:8443/mqtt/bridges/'],
    ['http://127.0.0.1:7071', 'http://127.0.0.1:7071/'],
    ['http://localhost:7071/api', 'http://localhost:7071/'],
    ['http://[::1]:7071', 'http://[::1]:7071/'],
  ])('%s is %s', (text, base) => {
    expect(parseControlPlane(text)).toEqual({ kind: 'address', base: new URL(base) });
  });

  test.each([
    ['bridges.example.net', /not a URL/],
    ['http://bridges.example.net', /https/],
    ['http://127.0.0.1.example.net', /https/],
    ['ftp://127.0.0.1', /https/],
    ['https://user:secret@example.net', /credentials/],
    ['https://example.net/?code=1', /path/],
    ['https://example.net/#x', /path/],
  ])('%s is refused', (text, why) => {
    expect(parseControlPlane(text)).toMatchObject({ kind: 'invalid', why: expect.stringMatching(why) });
  });

  test('leads to the reports of one agent', () => {
    const base = new URL('https://example.net/x/');
    const url = reportUrl(base, { site: 'plant-1', connector: 'a.b', instance: 'all' });
    expect(url.href).toBe('https://example.net/x/api/sites/plant-1/agents/a.b/all/report');
  });
});
