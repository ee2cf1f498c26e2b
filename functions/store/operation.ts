/** What a storage operation is about. */
export type StoreArea = 'sites' | 'bridges' | 'reports' | 'health' | 'events' | 'sessions' | 'grants';

/** One storage operation: one HTTP request to Azure Tables, one statement or transaction of SQLite. */
export interface StoreOperation {
  readonly area: StoreArea;
  readonly kind: 'read' | 'query' | 'write' | 'delete' | 'batch' | 'create-table' | 'transaction';
}

/** Is told of every storage operation as it begins; retries count again. */
export type OperationObserver = (operation: StoreOperation) => void;
