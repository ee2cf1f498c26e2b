import { compileFilter, filterCovers } from '../../shared/topic/filter.ts';

/** What is known of a client beyond its name: from its entry or from the claims of its token. */
export type ClientAttributes = Readonly<Record<string, string | number | readonly string[]>>;

/** A named set of topic templates: filters that may hold `${client.authenticationName}` and `${client.attributes.x}`. */
export interface TopicSpace {
  readonly name: string;
  readonly templates: readonly string[];
}

/** Lets identities publish to a topic space or subscribe to it. */
export interface Permission {
  readonly topicSpace: string;
  readonly role: 'Publisher' | 'Subscriber';
  /** Authentication names; all clients when absent. */
  readonly identities?: readonly string[] | undefined;
}

/** What one client may do. */
export interface Rights {
  mayPublish(topic: string): boolean;
  maySubscribe(filter: string): boolean;
}

/** Who may do what; `undefined` instead of topic spaces lets everybody do everything. */
export interface PermissionTable {
  readonly topicSpaces: readonly TopicSpace[];
  readonly permissions: readonly Permission[];
}

const VARIABLE = /\$\{client\.(authenticationName|attributes\.([A-Za-z0-9_-]+))\}/g;

function valuesOf(variable: string, name: string, attributes: ClientAttributes): readonly string[] {
  if (variable === 'authenticationName') return [name];
  const value = attributes[variable.slice('attributes.'.length)];
  if (value === undefined) return [];
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : value;
}

/** The filters a template means for one client: none where an attribute is missing, several where it is a list. */
export function expandTemplate(template: string, name: string, attributes: ClientAttributes): readonly string[] {
  const found = [...template.matchAll(VARIABLE)];
  let filters = [template];
  for (const [text, variable = ''] of found) {
    // A wildcard in a name would widen what its owner may do.
    const values = valuesOf(variable, name, attributes).filter((value) => value !== '' && !/[+#]/.test(value));
    filters = filters.flatMap((filter) => values.map((value) => filter.replace(text, () => value)));
  }
  return filters;
}

/** A template with plain words for its variables, to be checked as a filter. */
export function sampleOf(template: string): string {
  return template.replace(VARIABLE, 'x');
}

const EVERYTHING: Rights = { mayPublish: () => true, maySubscribe: () => true };

/** What a client of this name and these attributes may do. */
export function rightsOf(table: PermissionTable | undefined, name: string, attributes: ClientAttributes): Rights {
  if (table === undefined) return EVERYTHING;
  const filtersOf = (role: Permission['role']): string[] =>
    table.permissions
      .filter((permission) => permission.role === role && (permission.identities?.includes(name) ?? true))
      .flatMap(({ topicSpace }) => table.topicSpaces.filter((space) => space.name === topicSpace))
      .flatMap(({ templates }) => templates.flatMap((template) => expandTemplate(template, name, attributes)));
  const publish = filtersOf('Publisher').map((filter) => compileFilter(filter));
  const subscribe = filtersOf('Subscriber');
  return {
    mayPublish: (topic) => publish.some((matches) => matches(topic)),
    maySubscribe: (filter) => subscribe.some((template) => filterCovers(template, filter)),
  };
}
