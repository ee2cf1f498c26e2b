import { z } from 'zod';

/** Text that may be empty, which means what the description says. */
export function text(description: string, fallback = ''): z.ZodDefault<z.ZodString> {
  return z.string().default(fallback).meta({ description });
}

/** Text of one form, or empty. */
export function pattern(form: RegExp, message: string, description: string): z.ZodDefault<z.ZodString> {
  return z.string().max(253).regex(form, message).default('').meta({ description });
}

/** A switch. */
export function flag(description: string, fallback: boolean): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(fallback).meta({ description });
}

/** Free text by free names, such as labels. */
export function textMap(description: string, fallback: Readonly<Record<string, string>> = {}) {
  return z.record(z.string(), z.string()).default(fallback).meta({ description });
}

/** Anything that Kubernetes takes in this place; the API server checks it. */
export function kubernetesObject(description: string, fallback: Readonly<Record<string, unknown>> = {}) {
  return z.record(z.string(), z.unknown()).default(fallback).meta({ description });
}

/** A list of objects that Kubernetes takes in this place; the API server checks them. */
export function kubernetesList(description: string) {
  return z.array(z.record(z.string(), z.unknown())).default([]).meta({ description });
}

/** A list of objects that each have a name. */
export function namedList(description: string) {
  return z
    .array(z.looseObject({ name: z.string().min(1).max(253).meta({ description: 'Its name.' }) }))
    .default([])
    .meta({ description });
}

/** A group of values, each with its default. */
export function group<T extends z.core.$ZodLooseShape>(description: string, shape: T) {
  return z
    .strictObject(shape)
    .prefault({} as never)
    .meta({ description });
}
