import type { Alarm, Panel, Query } from './panel.ts';

/** Where a panel is on Grafana's grid of 24 columns. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The data source that is chosen at the top of the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** How high a panel is, in the grid's rows. */
export function heightOf({ kind }: Panel): number {
  return kind === 'number' ? 4 : 8;
}

/** A panel as Grafana reads it. */
export function renderPanel(panel: Panel, id: number, gridPos: Place): object {
  const { title, description } = panel;
  const common = { id, title, description, gridPos, datasource: DATASOURCE };
  switch (panel.kind) {
    case 'number':
      return {
        ...common,
        type: 'stat',
        fieldConfig: { defaults: { unit: panel.unit, thresholds: thresholdsOf(panel.alarm) }, overrides: [] },
        options: { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value' },
        targets: [targetOf(panel.query, 0)],
      };
    case 'lines':
      return {
        ...common,
        type: 'timeseries',
        fieldConfig: { defaults: { unit: panel.unit, min: 0, custom: { fillOpacity: 5 } }, overrides: [] },
        options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
        targets: panel.queries.map(targetOf),
      };
    case 'table':
      return { ...common, type: 'table', ...tableOf(panel) };
  }
}

function targetOf({ expr, legend }: Query, index: number): object {
  return { refId: refId(index), datasource: DATASOURCE, expr, legendFormat: legend };
}

function refId(index: number): string {
  return String.fromCharCode(65 + index);
}

function thresholdsOf(alarm: Alarm): object {
  const steps = (first: string, then: string, from: number) => [
    { color: first, value: null },
    { color: then, value: from },
  ];
  // A step begins at its value, so "above 0" begins just behind it.
  if ('above' in alarm) return { mode: 'absolute', steps: steps('green', 'red', alarm.above + 0.001) };
  return { mode: 'absolute', steps: steps('red', 'green', alarm.below) };
}

// Each query gives a frame with a column "Value #A"; merged by the labels they have in common they make the rows.
function tableOf({ by, columns }: Extract<Panel, { kind: 'table' }>): object {
  const names = columns.map(({ title }, index) => [`Value #${refId(index)}`, title] as const);
  return {
    fieldConfig: {
      defaults: { unit: 'short' },
      overrides: columns.map(({ title, unit }) => ({
        matcher: { id: 'byName', options: title },
        properties: [{ id: 'unit', value: unit }],
      })),
    },
    options: { showHeader: true },
    targets: columns.map(({ expr }, index) => ({
      refId: refId(index),
      datasource: DATASOURCE,
      expr,
      format: 'table',
      instant: true,
      range: false,
    })),
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries([...by, ...names.map(([name]) => name)].map((name, index) => [name, index])),
          renameByName: Object.fromEntries(names),
        },
      },
    ],
  };
}
