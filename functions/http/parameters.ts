import type { z } from 'zod';
import { instanceName, resourceName, siteName } from '../../shared/api/names.ts';
import type { ProblemItem } from '../../shared/api/problem.ts';
import type { Operation, ParameterDoc } from './contract.ts';

/** Patterns of path parameters by name; every other one is the name of a resource. */
const PATTERNS: Readonly<Record<string, z.ZodType>> = { site: siteName, instance: instanceName, id: siteName };

/** What a path parameter must look like. */
export function pathParameterSchema(name: string): z.ZodType {
  return PATTERNS[name] ?? resourceName;
}

/** What is wrong with the parameters of a request; every fault at once. */
export function parameterFaults(
  { parameters = [] }: Operation,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
  headers: { get(name: string): string | null },
): ProblemItem[] {
  const known = new Set(parameters.filter((one) => one.in === 'query').map(({ name }) => name));
  const unknown = [...new Set(query.keys())].filter((name) => !known.has(name));
  return [
    ...Object.entries(params).flatMap(([name, text]) => pathFaults(name, text)),
    ...unknown.map((name) => fault(`query.${name.slice(0, 100)}`, 'UnknownParameter', 'this parameter is not known')),
    ...parameters.flatMap((doc) => (doc.in === 'query' ? queryFaults(doc, query) : headerFaults(doc, headers))),
  ];
}

function pathFaults(name: string, text: string): ProblemItem[] {
  const result = pathParameterSchema(name).safeParse(text);
  return result.success ? [] : [fault(`path.${name}`, 'InvalidParameter', messageOf(result.error))];
}

function queryFaults(doc: ParameterDoc, query: URLSearchParams): ProblemItem[] {
  const values = query.getAll(doc.name);
  const at = `query.${doc.name}`;
  if (values.length === 0) return doc.required === true ? [fault(at, 'MissingParameter', 'it is required')] : [];
  if (doc.schema.safeParse(values).success) return [];
  if (values.length > 1 && values.some((value) => valueFault(doc.schema, value) === undefined)) {
    return [fault(at, 'RepeatedParameter', 'it may be given once')];
  }
  const wrong = valueFault(doc.schema, values.length > 1 ? values : (values[0] ?? ''));
  return wrong === undefined ? [] : [fault(at, 'InvalidParameter', wrong)];
}

/** Numbers come as text. */
function valueFault(schema: z.ZodType, given: string | string[]): string | undefined {
  const value = typeof given === 'string' && /^-?\d{1,15}$/.test(given) ? Number(given) : given;
  const first = schema.safeParse(value);
  if (first.success || schema.safeParse(given).success) return undefined;
  return messageOf(first.error);
}

function headerFaults(doc: ParameterDoc, headers: { get(name: string): string | null }): ProblemItem[] {
  const text = headers.get(doc.name);
  // A missing If-Match has a status of its own (RFC 6585, 428).
  if (text === null)
    return doc.required === true ? [fault(`header.${doc.name}`, 'MissingHeader', 'it is required')] : [];
  const result = doc.schema.safeParse(text);
  return result.success ? [] : [fault(`header.${doc.name}`, 'InvalidHeader', messageOf(result.error))];
}

function fault(path: string, rule: string, message: string): ProblemItem {
  return { path, rule, message };
}

function messageOf({ issues }: z.ZodError): string {
  return issues[0]?.message ?? 'it is not valid';
}
