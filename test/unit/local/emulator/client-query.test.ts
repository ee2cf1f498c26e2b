import { describe, expect, test } from 'vitest';
import { clientQueryFault, compileClientQuery } from '../../../../local/emulator/client-query.ts';

const attributes = { sensors: ['motion', 'humidity'], type: 'home-sensors', floor: 3 };

describe('query of a client group', () => {
  test.each([
    { query: '(attributes.sensors = "motion" or attributes.sensors = "heat") and attributes.type = "x"', fits: false },
    { query: 'attributes.sensors = "motion" or attributes.sensors = "heat" and attributes.type = "x"', fits: true },
    { query: 'attributes.sensors IN ["heat", "humidity"] and attributes.floor <= 5', fits: true },
    { query: "authenticationName IN ['ann', 'bob']", fits: true },
    { query: "authenticationName = 'Ann'", fits: false },
    { query: 'attributes.floor in [1, 2]', fits: false },
    { query: 'attributes.floor = 3', fits: true },
    { query: 'attributes.floor = "3"', fits: false },
    { query: 'attributes.floor > 3', fits: false },
    { query: 'attributes.floor >= 3', fits: true },
    { query: 'attributes.floor < -1', fits: false },
    { query: 'attributes.type <> "y"', fits: true },
    { query: 'attributes.type != "home-sensors"', fits: false },
    { query: 'attributes.sensors != "motion"', fits: false },
    { query: 'attributes.missing != "x"', fits: false },
    { query: 'attributes.type > 1', fits: false },
    { query: 'attributes.type="home-sensors"AND attributes.floor=3 ', fits: true },
  ])('$query: $fits', ({ query, fits }) => {
    expect(compileClientQuery(query)('ann', attributes)).toBe(fits);
  });

  test.each([
    { query: '', fault: /^has "" where authenticationName or attributes\.NAME is expected$/ },
    { query: 'name = "x"', fault: /^has "name" where authenticationName/ },
    { query: 'attributes.a ~ 1', fault: /^cannot be read from "~ 1" on$/ },
    { query: 'attributes.a like "x"', fault: /^has "like" where an operator is expected$/ },
    { query: 'attributes.a = x', fault: /^has "x" where a quoted text or a whole number is expected$/ },
    { query: 'attributes.a < "x"', fault: /^compares with "x", but only numbers have an order$/ },
    { query: 'attributes.a IN "x"', fault: /^has ""x"" where "\[" is expected$/ },
    { query: 'attributes.a IN ["x"', fault: /^has "" where "\]" is expected$/ },
    { query: '(attributes.a = 1', fault: /^has "" where "\)" is expected$/ },
    { query: 'attributes.a = 1 attributes.b = 2', fault: /^goes on with "attributes\.b" where it should end$/ },
  ])('$query is refused', ({ query, fault }) => {
    expect(clientQueryFault(query)).toMatch(fault);
  });
});
