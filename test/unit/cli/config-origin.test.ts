import { describe, expect, test } from 'vitest';
import { originOf, type OriginFlags } from '../../../cli/config-origin.ts';
import { UsageError } from '../../../cli/usage-error.ts';

const FROM_CONTROL_PLANE: OriginFlags = {
  controlPlane: 'https://bridges.test/api',
  site: 'plant-1',
  connector: 'gateway',
  controlPlaneKeyFile: '/run/key',
  data: '/data',
};

describe('where a configuration comes from', () => {
  test('is files with -f', () => {
    expect(originOf({ filename: ['a', 'b'], data: '/data' })).toEqual({ kind: 'files', paths: ['a', 'b'] });
    expect(originOf({ filename: ['a'], connector: 'x', data: '/data' })).toMatchObject({ connector: 'x' });
  });

  test('is the control plane with its URL', () => {
    expect(originOf(FROM_CONTROL_PLANE)).toEqual({
      kind: 'controlPlane',
      url: new URL('https://bridges.test/'),
      site: 'plant-1',
      connector: 'gateway',
      logOn: { keyFile: '/run/key' },
      dataDir: '/data',
    });
    const { controlPlaneKeyFile: _, ...rest } = FROM_CONTROL_PLANE;
    expect(originOf({ ...rest, controlPlaneAudience: 'api://bridges' })).toMatchObject({
      logOn: { audience: 'api://bridges' },
    });
  });

  test('is the API server with --kubernetes', () => {
    const flags = { kubernetes: true, connector: 'gateway', data: '/data' };
    expect(originOf(flags)).toEqual({ kind: 'kubernetes', connector: 'gateway', dataDir: '/data' });
    expect(originOf({ ...flags, namespace: 'plant', kubeconfig: '/config' })).toMatchObject({
      namespace: 'plant',
      kubeconfig: '/config',
    });
  });

  test.each<[string, Partial<OriginFlags>, RegExp]>([
    ['-f', { filename: ['a'] }, /-f and --kubernetes exclude each other/],
    ['a control plane', { controlPlane: 'https://x.test' }, /--control-plane and --kubernetes exclude each other/],
    ['a site', { site: 'plant-1' }, /--site has no meaning with --kubernetes/],
    ['no connector', { connector: undefined as never }, /--kubernetes needs --connector/],
    ['a namespace that is no name', { namespace: 'A b' }, /"A b" cannot be the name of a namespace/],
    [
      'what is for a cluster only',
      { kubernetes: false, filename: ['a'], namespace: 'x' },
      /--namespace has no meaning/,
    ],
  ])('is refused at the API server with %s', (_, changes, message) => {
    const flags = { kubernetes: true, connector: 'gateway', data: '/data', ...changes };
    expect(() => originOf(flags)).toThrow(UsageError);
    expect(() => originOf(flags)).toThrow(message);
  });

  test.each<[string, Partial<OriginFlags> & { without?: keyof OriginFlags }, RegExp]>([
    ['nothing', { without: 'controlPlane' }, /configuration is missing/],
    ['both', { filename: ['a'] }, /exclude each other/],
    ['-f with what is for the other', { without: 'controlPlane', filename: ['a'] }, /--site has no meaning with -f/],
    ['no site', { without: 'site' }, /needs --site/],
    ['no connector', { without: 'connector' }, /needs --connector/],
    ['no credentials', { without: 'controlPlaneKeyFile' }, /needs --control-plane-key-file or --control-plane-aud/],
    ['two kinds of credentials', { controlPlaneAudience: 'api://bridges' }, /exclude each other/],
    ['a site that is no name', { site: 'Plant 1' }, /"Plant 1" cannot be the name of a site/],
    ['a connector that is a path', { connector: '../x' }, /cannot be the name of a connector/],
    ['a control plane without TLS elsewhere', { controlPlane: 'http://bridges.test' }, /must begin with https/],
  ])('is refused with %s', (_, { without, ...changes }, message) => {
    const flags = { ...FROM_CONTROL_PLANE, ...changes };
    if (without !== undefined) delete (flags as Partial<Record<keyof OriginFlags, unknown>>)[without];
    expect(() => originOf(flags)).toThrow(UsageError);
    expect(() => originOf(flags)).toThrow(message);
  });
});
