/// Addresses of pages, by their domain.
enum LinkDetectors {
  static let all = [links, images]

  private static let address = "https?://[^\\s<>\"'`\\\\)\\]}|]{1,2000}"

  static let links = Detector(
    "url", "addresses of pages; `allow` or `deny` domains, subdomains included", groups: ["links"],
    options: ["allow", "deny"]
  ) { options throws(DetectorOptionError) in
    [Pattern("url", "(?i)\\b" + address, label: "URL", validate: try validator(options))]
  }

  static let images = Detector(
    "markdown-image", "pictures that are loaded from elsewhere when Markdown is shown, a way to carry data out",
    groups: ["links"],
    options: ["allow", "deny"]
  ) { options throws(DetectorOptionError) in
    [
      Pattern(
        "image", "(?i)!\\[[^\\]\\n]{0,200}\\]\\(\\s{0,2}" + address, label: "IMAGE", validate: try validator(options))
    ]
  }

  private static func domains(_ options: DetectorOptions, _ name: String) throws(DetectorOptionError) -> [String]? {
    guard let list = options[name] else { return nil }
    var result: [String] = []
    for (index, domain) in list.enumerated() {
      let lowered = domain.lowercased()
      guard !lowered.isEmpty,
        lowered.utf8.allSatisfy({ ByteSet.word.contains($0) || $0 == 0x2D || $0 == 0x2E || $0 >= 0x80 })
      else {
        throw DetectorOptionError(
          option: name, index: index, reason: "\(domain) is no domain",
          hint: "write the domain alone, such as example.org")
      }
      result.append(lowered.hasPrefix(".") ? String(lowered.dropFirst()) : lowered)
    }
    return result
  }

  private static func validator(_ options: DetectorOptions) throws(DetectorOptionError)
    -> @Sendable (Candidate) -> Judgement?
  {
    let allowed = try domains(options, "allow")
    let denied = try domains(options, "deny")
    return { candidate in
      guard let host = host(candidate.bytes) else { return nil }
      func isIn(_ list: [String]) -> Bool { list.contains { host == $0 || host.hasSuffix("." + $0) } }
      if let denied, isIn(denied) { return Judgement(score: 1) }
      if let allowed { return isIn(allowed) ? nil : Judgement(score: 1) }
      return denied == nil ? Judgement(score: 1) : nil
    }
  }

  /// The host of the address in the bytes, in lower case, without user and port (RFC 3986, section 3.2).
  static func host(_ bytes: ArraySlice<UInt8>) -> String? {
    let text = Array(bytes)
    guard
      let colon = text.indices.first(where: {
        $0 + 2 < text.count && text[$0] == 0x3A && text[$0 + 1] == 0x2F && text[$0 + 2] == 0x2F
      })
    else { return nil }
    var authority = text[(colon + 3)...].prefix { $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
    if let at = authority.lastIndex(of: 0x40) { authority = authority[(at + 1)...] }
    if let port = authority.lastIndex(of: 0x3A) { authority = authority[..<port] }
    while authority.last == 0x2E { authority = authority.dropLast() }
    return authority.isEmpty ? nil : String(decoding: authority, as: UTF8.self).lowercased()
  }
}
