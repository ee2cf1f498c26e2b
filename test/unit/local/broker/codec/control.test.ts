import { generate } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { createControlParser, readConnect, versionOf } from '../../../../../local/broker/codec/control.ts';

describe('the control parser', () => {
  test('turns an exception inside mqtt-packet into a fault', () => {
    const parser = createControlParser();
    // SUBSCRIBE whose filter claims more bytes than there are.
    const bytes = Buffer.from([0x82, 6, 0, 1, 0, 0, 9, 0x61]);
    expect(() => parser.parse(bytes)).toThrow(expect.objectContaining({ reasonCode: 0x81 }));
  });

  test('goes on after a fault', () => {
    const parser = createControlParser();
    expect(() => parser.parse(Buffer.from([0x80, 2, 0, 1]))).toThrow();
    expect(parser.parse(Buffer.from([0xc0, 0]))).toMatchObject({ cmd: 'pingreq' });
  });
});

describe('CONNECT', () => {
  const connect = (fields: object): Buffer =>
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, clientId: 'c', ...fields });

  test.each([
    { name: 'MQTT 5', frame: connect({}), version: 5 },
    { name: 'MQTT 3.1.1', frame: connect({ protocolVersion: 4 }), version: 4 },
    { name: 'MQTT 3.1.1 of a bridge', frame: connect({ protocolVersion: 4, bridgeMode: true }), version: 4 },
    { name: 'MQTT 3.1', frame: connect({ protocolVersion: 3, protocolId: 'MQIsdp' }), version: undefined },
  ])('of $name has version $version', ({ frame, version }) => {
    expect(versionOf(frame)).toBe(version);
  });

  test('keeps the user properties of a will in order', () => {
    const will = Buffer.from([0x26, 0, 1, 0x62, 0, 0, 0x18, 0, 0, 0, 9, 0x26, 0, 1, 0x61, 0, 0]);
    const head = [0, 4, ...Buffer.from('MQTT'), 5, 0x06, 0, 0, 0, 0, 1, 0x63];
    const body = Buffer.from([...head, will.length, ...will, 0, 1, 0x77, 0, 1, 0x78]);
    const layout = readConnect(Buffer.from([0x10, body.length, ...body]));
    expect(layout.will).toEqual({
      topic: 'w',
      payload: Buffer.from('x'),
      qos: 0,
      retain: false,
      delaySeconds: 9,
      expirySeconds: undefined,
      properties: Buffer.from([0x26, 0, 1, 0x62, 0, 0, 0x26, 0, 1, 0x61, 0, 0]),
    });
  });

  test('counts its user properties', () => {
    expect(readConnect(connect({ properties: { userProperties: { a: ['1', '2'], b: '3' } } })).userProperties).toBe(3);
  });
});
