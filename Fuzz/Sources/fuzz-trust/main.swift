import FuzzRunner

/// The readers of what comes with a model to say who vouches for it, and of what operators write down.
fuzz([
  "pem": { unsafe readPEM(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "statement": { unsafe readStatement(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "sigstore-root": { unsafe readSigstoreRoot(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "levels": { unsafe readLevels(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "authority-index": { unsafe readAuthorityIndex(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "harness-results": { unsafe readHarnessResults(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "serve-file": { unsafe readServeFile(Array(UnsafeBufferPointer(start: $0, count: $1))) },
  "monitor-events": { unsafe readMonitorEvents(Array(UnsafeBufferPointer(start: $0, count: $1))) },
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
