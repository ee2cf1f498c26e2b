import { StoreError } from '../store-error.ts';

/** The table does not exist. */
export function isTableMissing(error: unknown): boolean {
  return codeOf(error) === 'TableNotFound';
}

/** The entity is there although it must not be, is not there although it must, or has another ETag. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.includes(codeOf(error) ?? '');
}

const REFUSALS = ['EntityAlreadyExists', 'UpdateConditionNotSatisfied', 'ResourceNotFound', 'EntityNotFound'];

function codeOf(error: unknown): string | undefined {
  const { code, details } = error as { code?: unknown; details?: { odataError?: { code?: unknown } } };
  const name = details?.odataError?.code ?? code;
  return typeof name === 'string' ? name : undefined;
}

const TOO_LARGE = ['EntityTooLarge', 'PropertyValueTooLarge', 'RequestBodyTooLarge'];

/** Turns an error of the SDK into one of the store; its text names neither account nor request. */
export function tableFault(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { statusCode, name } = error as { statusCode?: number; name?: string };
  const code = codeOf(error) ?? name ?? 'unknown';
  if (TOO_LARGE.includes(code)) return new StoreError('too-large', 'Azure Tables cannot hold this', { cause: error });
  const hint =
    statusCode === 401 || statusCode === 403
      ? ': give the identity of this app the role Storage Table Data Contributor on the storage account'
      : '';
  return new StoreError('unavailable', `Azure Tables failed with ${statusCode ?? 'no answer'} ${code}${hint}`, {
    cause: error,
  });
}
