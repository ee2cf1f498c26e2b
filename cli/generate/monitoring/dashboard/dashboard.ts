import { CONNECTORS } from './connectors-row.ts';
import { OVERVIEW } from './overview-row.ts';
import { OPERATOR } from './operator-row.ts';
import type { Panel, Row } from './panel.ts';
import { DATASOURCE, heightOf, type Place, renderPanel } from './render-panel.ts';
import { CONFIGURATION, CREDENTIALS, INSTANCES, PROCESS } from './state-rows.ts';
import { ROUTES } from './routes-row.ts';

const COLUMNS = 24;
const ROWS: readonly Row[] = [OVERVIEW, CONNECTORS, ROUTES, CREDENTIALS, INSTANCES, CONFIGURATION, PROCESS, OPERATOR];

/** The dashboard as Grafana imports it. */
export function dashboard(): object {
  return {
    uid: 'mqttbridge',
    title: 'mqttbridge',
    description: 'Bridges between MQTT brokers: connections, messages, credentials, instances.',
    tags: ['mqtt', 'mqttbridge'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: { list: variables() },
    annotations: { list: [] },
    panels: layOut(ROWS),
  };
}

function variables(): object[] {
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1 },
    choice('namespace', 'label_values(mqttbridge_build_info, namespace)'),
    choice('connector', 'label_values(mqttbridge_build_info{namespace=~"$namespace"}, connector)'),
    choice(
      'route',
      'label_values(mqttbridge_messages_received_total{namespace=~"$namespace", connector=~"$connector"}, route)',
    ),
  ];
}

// "All" is everything, not a list: with a thousand routes that would not fit into a request, and no namespace counts too.
function choice(name: string, query: string): object {
  return {
    name,
    label: name,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  };
}

/** Puts rows below each other and their panels side by side, as many as fit. */
function layOut(rows: readonly Row[]): object[] {
  let y = 0;
  let id = 0;
  return rows.flatMap(({ title, folded, panels }) => {
    const heading = { id: ++id, type: 'row', title, collapsed: folded, gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 } };
    const { places, end } = flow(panels, y);
    const rendered = panels.map((panel, index) => renderPanel(panel, ++id, places[index] as Place));
    if (folded) return [{ ...heading, panels: rendered }];
    y = end;
    return [{ ...heading, panels: [] }, ...rendered];
  });
}

function flow(panels: readonly Panel[], top: number): { places: Place[]; end: number } {
  let line = { x: 0, y: top, h: 0 };
  const places = panels.map((panel) => {
    const size = { w: panel.width, h: heightOf(panel) };
    if (line.x + size.w > COLUMNS) line = { x: 0, y: line.y + line.h, h: 0 };
    const place = { x: line.x, y: line.y, ...size };
    line = { x: line.x + size.w, y: line.y, h: Math.max(line.h, size.h) };
    return place;
  });
  return { places, end: line.y + line.h };
}
