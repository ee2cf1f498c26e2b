import { describe, expect, test } from 'vitest';
import { dashboard } from '../../../cli/generate/monitoring/dashboard/dashboard.ts';
import { evaluate } from '../../support/promql/evaluate.ts';
import { labelsWithin } from '../../support/promql/known-labels.ts';
import { parsePromql } from '../../support/promql/parse.ts';
import { seriesOf } from '../../support/promql/series.ts';
import { KNOWN_METRICS } from './known-metrics.ts';

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly datasource: { readonly uid: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig: {
    readonly defaults: { readonly unit: string };
    readonly overrides: readonly { readonly properties: readonly { readonly id: string; readonly value: string }[] }[];
  };
  readonly targets: readonly Target[];
  readonly panels?: readonly Panel[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
}

const board = dashboard() as Dashboard;
const rows = board.panels.filter(({ type }) => type === 'row');
const panels = board.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
const UNITS = ['mps', 's', 'd', 'm', 'bytes', 'Bps', 'percentunit', 'short'];

/** A query as Prometheus gets it, with "All" chosen everywhere. */
function sent(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*');
}

describe('dashboard', () => {
  test('every id is there once', () => {
    const ids = [...board.panels, ...rows.flatMap((row) => row.panels ?? [])].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('rows are about connectors, routes, credentials, instances, configuration, processes and the operator', () => {
    const titles = [
      'Overview',
      'Connectors',
      'Routes',
      'Credentials',
      'Instances',
      'Configuration',
      'Process',
      'Operator',
    ];
    expect(rows.map(({ title }) => title)).toEqual(expect.arrayContaining(titles));
  });

  test('no panel lies on another, or beyond the grid', () => {
    const folded = rows.map((row) => row.panels ?? []).filter((inner) => inner.length > 0);
    for (const group of [board.panels, ...folded]) {
      const taken = new Map<string, string>();
      for (const { title, gridPos } of group) {
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        for (const cell of cellsOf(gridPos)) {
          expect(taken.get(cell), `${title} at ${cell}`).toBeUndefined();
          taken.set(cell, title);
        }
      }
    }
  });

  test.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s says what it shows, in a unit, from the chosen data source',
    (_title, { title, description, fieldConfig, datasource, targets }) => {
      expect(title).not.toBe('');
      expect(description).not.toBe('');
      const units = fieldConfig.overrides.flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'unit').map(({ value }) => value),
      );
      for (const unit of [fieldConfig.defaults.unit, ...units]) expect(UNITS).toContain(unit);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
        expect(source?.uid).toBe('${datasource}');
      }
    },
  );

  test.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s asks for metrics and labels of the registry, and calls lines by labels that they have',
    (_title, { targets }) => {
      for (const { expr, legendFormat = '' } of targets) {
        const labels = labelsWithin(parsePromql(sent(expr)), KNOWN_METRICS);
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels, expr).toContain(label);
      }
    },
  );

  test('variables choose the data source, namespace, connector and route, and every one is used', () => {
    expect(board.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['namespace', 'query'],
      ['connector', 'query'],
      ['route', 'query'],
    ]);
    for (const { definition } of board.templating.list.slice(1)) {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? '') ?? [];
      expect(labelsWithin(parsePromql(sent(selector)), KNOWN_METRICS)).toContain(label);
    }
    const text = JSON.stringify(panels);
    for (const { name } of board.templating.list) expect(text).toMatch(new RegExp(`\\$\\{?${name}\\b`));
  });

  test('metrics of a process are told apart by connector', () => {
    const { targets } = panels.find(({ title }) => title === 'Memory') as Panel;
    const series = [
      seriesOf('process_resident_memory_bytes{namespace="a",instance="x:9600"}', '5x3', 60),
      seriesOf('process_resident_memory_bytes{namespace="a",instance="database:9100"}', '7x3', 60),
      seriesOf('mqttbridge_build_info{namespace="a",instance="x:9600",connector="edge",version="1"}', '1x3', 60),
    ];
    const found = evaluate(parsePromql(sent(targets[0]?.expr ?? '')), { series, at: 120 });
    expect(found).toEqual([{ labels: { namespace: 'a', instance: 'x:9600', connector: 'edge' }, value: 5 }]);
  });
});

function cellsOf({ x, y, w, h }: Panel['gridPos']): string[] {
  return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
}
