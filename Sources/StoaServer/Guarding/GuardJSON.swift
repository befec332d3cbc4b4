package import StoaFormats
package import StoaGuard

extension GuardHit {
  /// A hit in the objects of `stoa guard check --json` and of the server.
  package var json: JSONObject {
    [
      "rail": .string(rail), "class": .string(hazard), "start": .int(range.lowerBound), "end": .int(range.upperBound),
      "score": .double(score), "action": .string(action.rawValue), "label": .string(label), "pattern": .string(pattern),
    ]
  }
}

extension GuardProgram.Checked {
  /// The object of `stoa guard check --json` and of `POST /v1/guard/check`.
  package var json: JSONObject {
    [
      "action": .string(verdict.action.rawValue), "text": .string(text),
      "hits": .array(verdict.hits.map { .object($0.json) }), "pack": .string(verdict.pack),
      "digest": .string("sha256:" + verdict.digest),
    ]
  }
}
