/// What the rails with `avoid` keep an answer from, compiled.
package struct AvoidanceProgram: Sendable {
  /// All of these rails; a hit is noted and nothing else.
  let watched: GuardProgram
  /// The terms of bans as they are written, over the folded view: what a token must not complete.
  let literal: [PatternSet]

  /// SHA-256 over what decides what is avoided, in hexadecimal: answers by programs of one digest are the same.
  package let digest: String

  /// Compiles those of the rails that avoid something in answers; nil when none does.
  package init?(
    pack: String, digest: String, rails: [Rail], detectors: DetectorCatalog = .builtIn
  ) throws(RailError) {
    let avoiding = rails.filter { $0.avoids && !$0.isOff && $0.stages.contains(.output) }
    if avoiding.isEmpty { return nil }
    self.digest = Self.digest(of: avoiding)
    watched = try GuardProgram(
      pack: pack, digest: digest,
      rails: avoiding.map { rail in
        var rail = rail
        rail.action = .allow
        return rail
      }, stage: .output, detectors: detectors)
    var entries: [PatternSet.Entry] = []
    for (number, rail) in avoiding.enumerated() {
      // What is excepted is known when it is there, not byte by byte.
      guard rail.exceptions.isEmpty, try detectors.detectors(of: rail).contains(where: { $0.name == "ban" }) else {
        continue
      }
      do throws(DetectorOptionError) {
        for pattern in try BanDetectors.terms.patterns(rail.options)
        where pattern.variant == .plain && pattern.score >= rail.threshold {
          entries.append(PatternSet.Entry(rail: number, pattern: pattern))
        }
      } catch {
        throw RailError(
          rail: rail.id, option: error.option, index: error.index, reason: error.reason, hint: error.hint)
      }
    }
    do throws(PatternSetError) {
      literal = try PatternSet.grouped(entries)
    } catch {
      throw RailError(
        rail: avoiding[entries[error.entry].rail].id, option: nil, index: nil, reason: error.error.reason,
        hint: error.error.hint)
    }
  }
}

extension AvoidanceProgram {
  private static func digest(of rails: [Rail]) -> String {
    var message = Array("stoa avoidance 1\n".utf8)
    func add(_ texts: [String]) {
      message += "\(texts.count):".utf8
      for text in texts {
        message += "\(text.utf8.count):".utf8
        message += text.utf8
      }
    }
    for rail in rails {
      add([rail.id, "\(rail.threshold)", "\(rail.decodes)"])
      add(rail.detectors)
      add(rail.exceptions)
      for option in rail.options.values.sorted(by: { $0.key < $1.key }) { add([option.key] + option.value) }
    }
    return Digests.hexadecimal(Digests.sha256(message))
  }
}

extension Rail {
  /// Checks that what the rail avoids can be avoided.
  func checkAvoidance(_ detectors: DetectorCatalog) throws(RailError) {
    guard avoids else { return }
    if !stages.contains(.output) {
      throw RailError(
        rail: id, option: "avoid", index: nil, reason: "the rail does not look at answers, and they alone avoid",
        hint: "add output to on:, or leave avoid: out")
    }
    for detector in try detectors.detectors(of: self) {
      let patterns: [Pattern]
      do throws(DetectorOptionError) {
        patterns = try detector.patterns(options)
      } catch {
        throw RailError(rail: id, option: error.option, index: error.index, reason: error.reason, hint: error.hint)
      }
      if patterns.isEmpty {
        throw RailError(
          rail: id, option: "avoid", index: nil,
          reason: "what \(detector.name) finds has no pattern that an answer could be led around",
          hint: "leave avoid: out, or give this detector a rail of its own")
      }
    }
  }
}
