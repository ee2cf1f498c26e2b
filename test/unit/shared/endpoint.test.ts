import { expect, it } from 'vitest';
import { parseEndpoint } from '../../../shared/endpoint.ts';

it.each([
  ['localhost:1883', 'localhost', 1883],
  ['aio-mq-dmqtt-frontend:8883', 'aio-mq-dmqtt-frontend', 8883],
  ['10.0.0.1:1', '10.0.0.1', 1],
  ['[::1]:1883', '::1', 1883],
  ['[fe80::1%eth0]:65535', 'fe80::1%eth0', 65535],
  ['example.westeurope-1.ts.eventgrid.azure.net:8883', 'example.westeurope-1.ts.eventgrid.azure.net', 8883],
  ['under_score.test.:9', 'under_score.test.', 9],
])('%s', (text, host, port) => expect(parseEndpoint(text)).toEqual({ ok: true, host, port }));

it.each([
  ['localhost', /port is missing/],
  ['[::1]', /port is missing/],
  ['', /port is missing/],
  ['localhost:', /1 to 65535/],
  ['localhost:0', /1 to 65535/],
  ['localhost:65536', /1 to 65535/],
  ['localhost:mqtt', /1 to 65535/],
  ['localhost:1e3', /1 to 65535/],
  [':1883', /host/],
  ['::1:1883', /host/],
  ['[localhost]:1883', /host/],
  ['a b:1883', /host/],
  ['a..b:1883', /host/],
  ['-a:1883', /host/],
  ['mqtt://localhost:1883', /scheme/],
  ['user:secret@localhost:1883', /user name/],
  ['localhost:1883/mqtt', /path/],
])('"%s" is none', (text, fault) =>
  expect(parseEndpoint(text)).toEqual({ ok: false, fault: expect.stringMatching(fault) }),
);
