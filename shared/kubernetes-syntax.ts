/** Longest name of an object, in characters. */
export const LONGEST_OBJECT_NAME = 253;

/** Name of an object: a DNS subdomain in lower case (RFC 1123, 2.1); its labels have no bound of their own. */
export const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Key of a label, an annotation or a taint. */
export const QUALIFIED_NAME =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Value of a label or a taint. */
export const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Amount of a resource, such as `100m` or `64Mi`; not negative. */
export const QUANTITY = /^\d+(\.\d+)?([munkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

/** Whether Kubernetes takes a text as the name of an object. */
export function isObjectName(text: string): boolean {
  return text.length <= LONGEST_OBJECT_NAME && OBJECT_NAME.test(text);
}
