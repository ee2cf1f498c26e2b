import { compileFilter, filterCovers } from '../../shared/topic/filter.ts';
import type { ClientAttributes } from './attributes.ts';
import { compileClientQuery, type ClientQuery } from './client-query.ts';

/**
 * A named set of topic templates: filters that may hold `${client.authenticationName}` and `${client.attributes.x}`,
 * also `${client.authenticationName|SUFFIX}` for a name with something behind it.
 */
export interface TopicSpace {
  readonly name: string;
  readonly templates: readonly string[];
}

/** Clients that belong together by name or attributes. */
export interface ClientGroup {
  readonly name: string;
  /** In the language of `compileClientQuery`. */
  readonly query: string;
}

/** The group that every client belongs to. */
export const ALL_CLIENTS = '$all';

/** Lets identities or a group of clients publish to a topic space or subscribe to it. */
export interface Permission {
  /** All topic spaces when absent, as a role at the scope of the namespace gives them. */
  readonly topicSpace?: string | undefined;
  readonly role: 'Publisher' | 'Subscriber';
  /** Authentication names; all clients when absent. */
  readonly identities?: readonly string[] | undefined;
  /** Name of a client group; all clients when absent. */
  readonly clientGroup?: string | undefined;
}

/** What one client may do. */
export interface Rights {
  mayPublish(topic: string): boolean;
  maySubscribe(filter: string): boolean;
}

/** Who may do what; `undefined` instead of topic spaces lets everybody do everything. */
export interface PermissionTable {
  readonly topicSpaces: readonly TopicSpace[];
  readonly clientGroups?: readonly ClientGroup[] | undefined;
  readonly permissions: readonly Permission[];
}

const VARIABLE = /\$\{client\.(authenticationName|attributes\.[A-Za-z0-9_-]+)(?:\|([^${}|/+#]*))?\}/g;

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
  for (const [text, variable = '', suffix = ''] of found) {
    // A wildcard in a name would widen what its owner may do, and a variable stands for one segment at most.
    const values = valuesOf(variable, name, attributes).filter((value) => value !== '' && !/[+#/]/.test(value));
    filters = filters.flatMap((filter) => values.map((value) => filter.replace(text, () => value + suffix)));
  }
  return filters;
}

/** A template with plain words for its variables, to be checked as a filter. */
export function sampleOf(template: string): string {
  return template.replace(VARIABLE, (_text, _variable, suffix: string = '') => `x${suffix}`);
}

const EVERYTHING: Rights = { mayPublish: () => true, maySubscribe: () => true };

const EVERYBODY: ClientQuery = () => true;

/** Whom a permission is for; nobody where its group is not known. */
function queryOf({ identities, clientGroup = ALL_CLIENTS }: Permission, groups: readonly ClientGroup[]): ClientQuery {
  const group = groups.find(({ name }) => name === clientGroup);
  const unnamed = clientGroup === ALL_CLIENTS ? EVERYBODY : () => false;
  const inGroup = group === undefined ? unnamed : compileClientQuery(group.query);
  return (name, attributes) => (identities?.includes(name) ?? true) && inGroup(name, attributes);
}

/** Finds out what a client of a name and attributes may do. */
export type RightsOf = (name: string, attributes: ClientAttributes) => Rights;

/** The rights a table gives, with the topic spaces it has when asked; everything to everybody without one. Throws SyntaxError for a group whose query is wrong. */
export function createRights(table: PermissionTable | undefined): RightsOf {
  if (table === undefined) return () => EVERYTHING;
  const { topicSpaces, permissions, clientGroups = [] } = table;
  const rules = permissions.map((permission) => ({ permission, isFor: queryOf(permission, clientGroups) }));
  const templatesOf = ({ topicSpace }: Permission): readonly string[] =>
    topicSpaces
      .filter(({ name }) => topicSpace === undefined || topicSpace === name)
      .flatMap(({ templates }) => templates);
  return (name, attributes) => {
    const filtersOf = (role: Permission['role']): string[] =>
      rules
        .filter(({ permission, isFor }) => permission.role === role && isFor(name, attributes))
        .flatMap(({ permission }) => templatesOf(permission))
        .flatMap((template) => expandTemplate(template, name, attributes));
    const publish = filtersOf('Publisher').map((filter) => compileFilter(filter));
    const subscribe = filtersOf('Subscriber');
    return {
      mayPublish: (topic) => publish.some((matches) => matches(topic)),
      maySubscribe: (filter) => subscribe.some((template) => filterCovers(template, filter)),
    };
  };
}
