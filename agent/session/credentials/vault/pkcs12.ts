import { childrenOf, type DerValue, octetsOf, oidOf, partOf, readDer } from './der.ts';
import { decryptUnprotected } from './pkcs12-cipher.ts';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';

/**
 * Private keys and certificates of a PKCS #12 file without a password (RFC 7292) as PEM text; throws where it cannot be
 * read. Its check sum is not looked at: who could change the file on its way from the vault could make one.
 *
 * Node reads such a file too, but only into a TLS context, which then trusts the file's certificates to vouch for brokers.
 */
export function pemOfPkcs12(file: Buffer): string {
  const authSafe = partOf(readDer(file), 1);
  const safes = childrenOf(readDer(octetsOf(contentOf(authSafe, DATA))));
  return safes.flatMap(safeContents).map(pemOfBag).join('');
}

/** Bags of one ContentInfo. */
function safeContents(info: DerValue): DerValue[] {
  if (oidOf(partOf(info, 0)) === DATA) return childrenOf(readDer(octetsOf(contentOf(info, DATA))));
  const encrypted = partOf(contentOf(info, ENCRYPTED_DATA), 1);
  const plain = decryptUnprotected(partOf(encrypted, 1), octetsOf(partOf(encrypted, 2)));
  return childrenOf(readDer(plain));
}

/** What a ContentInfo of this type wraps. */
function contentOf(info: DerValue, type: string): DerValue {
  if (oidOf(partOf(info, 0)) !== type) throw new RangeError('unknown content type');
  return partOf(partOf(info, 1), 0);
}

/** Other bags, such as revocation lists, are left out. */
function pemOfBag(bag: DerValue): string {
  const value = partOf(partOf(bag, 1), 0);
  switch (oidOf(partOf(bag, 0))) {
    case KEY_BAG:
      return pem('PRIVATE KEY', value.raw);
    case SHROUDED_KEY_BAG:
      return pem('PRIVATE KEY', decryptUnprotected(partOf(value, 0), octetsOf(partOf(value, 1))));
    case CERTIFICATE_BAG:
      return pem('CERTIFICATE', octetsOf(partOf(partOf(value, 1), 0)));
    default:
      return '';
  }
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
