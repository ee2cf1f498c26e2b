import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../../cli/address.ts';

describe('address', () => {
  test.each([
    ['127.0.0.1:9600', { host: '127.0.0.1', port: 9600 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:9600', { host: '::1', port: 9600 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65535 }],
  ])('%s is read and written back', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  test.each([
    '',
    '9600',
    ':9600',
    'host',
    'host:',
    'host:65536',
    'host:-1',
    'host:1x',
    '::1:9600',
    '[nope]:1',
    'a b:1',
    'http://a:1',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
