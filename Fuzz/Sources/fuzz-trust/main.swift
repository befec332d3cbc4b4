import FuzzRunner

/// The readers of what comes with a model to say who vouches for it.
fuzz([
  "certificate": { unsafe readCertificate(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "safety-info": { unsafe readSafetyInfo(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "crl": { unsafe readRevocationList(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "ocsp": { unsafe readStatusResponse(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "bundle": { unsafe readBundle(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "timestamp": { unsafe readTimestamp(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "trust-store": { unsafe readTrustStore(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "note": { unsafe readNote(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "tile": { unsafe readTile(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "evidence": { unsafe readEvidence(Array(UnsafeBufferPointer(start: $0, count: $1))) },
])
