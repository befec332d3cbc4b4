import Synchronization

/// Speaks the hub's interface: redirects, tokens and failures are dealt with here.
package struct HubClient: Sendable {
  package let settings: HubSettings
  package let transport: any HubTransport
  package let retry: RetryPolicy

  /// A client for the server that the settings name.
  package init(settings: HubSettings, transport: any HubTransport, retry: RetryPolicy = RetryPolicy()) {
    self.settings = settings
    self.transport = transport
    self.retry = retry
  }

  /// What a request is about, for the words of its failures.
  struct Subject: Sendable {
    var repository = ""
    var revision: String?
    var file: String?
  }

  /// What a file's address on the hub says about it.
  struct FileHead: Sendable {
    let digest: ContentDigest?
    let bytes: Int?
    /// Where the bytes are: on the hub, or behind its redirect. Signed addresses expire after a while.
    let location: HubURL
  }

  // MARK: The interface

  /// What the hub says about a model at a revision.
  func info(_ reference: HubReference) async throws(RemoteError) -> RepositoryInfo {
    let revision = HubURL.encoded(reference.revision ?? HubReference.defaultRevision)
    let url = apiURL("/api/models/\(reference.repository)/revision/\(revision)?blobs=true")
    let subject = Subject(repository: reference.repository, revision: reference.revision)
    return try await retry.forQuestions.run { () async throws(RemoteError) in
      let answer = try await document(url, subject)
      return try ListingParser.info(answer.bytes, url: url.description)
    }
  }

  /// All files of a model at the commit that `info` names.
  func files(_ info: RepositoryInfo) async throws(RemoteError) -> [RepositoryFile] {
    var files: [RepositoryFile] = []
    var next: HubURL? = apiURL("/api/models/\(info.repository)/tree/\(info.commit)?recursive=true&expand=false")
    var pages = 0
    while let url = next {
      pages += 1
      guard pages <= 1000 else { throw .badAnswer(url: url.description, problem: "the listing does not end") }
      let page: (bytes: [UInt8], head: HubHead)
      do {
        page = try await retry.forQuestions.run { () async throws(RemoteError) in
          try await document(url, Subject(repository: info.repository))
        }
      } catch .noRepository where pages == 1 && !info.siblings.isEmpty {
        // A mirror without this part of the interface: what it said at first has to do.
        return info.siblings
      }
      files += try ListingParser.tree(page.bytes, url: url.description)
      guard files.count <= ListingParser.fileLimit else {
        throw .badAnswer(url: url.description, problem: "it lists more than \(ListingParser.fileLimit) files")
      }
      next = try Self.nextPage(page.head).map { (link) throws(RemoteError) in
        // Mirrors pass on the hub's own address: only path and query count, and the server stays the endpoint.
        guard let target = url.resolving(link)?.target, target.hasPrefix("/") else {
          throw .badAnswer(url: url.description, problem: "the address of the next page is broken")
        }
        return settings.endpoint.with(target: target)
      }
    }
    return files
  }

  /// Models that fit the words, most downloaded first.
  package func search(_ words: String, limit: Int) async throws(RemoteError) -> [SearchHit] {
    let fields = ["downloads", "likes", "lastModified", "tags", "gated"].map { "&expand=" + $0 }.joined()
    let url = apiURL(
      "/api/models?search=\(HubURL.encoded(words))&filter=gguf&sort=downloads&direction=-1&limit=\(limit)\(fields)")
    return try await retry.forQuestions.run { () async throws(RemoteError) in
      let answer = try await document(url, Subject())
      return Array(try ListingParser.search(answer.bytes, url: url.description).prefix(limit))
    }
  }

  /// Asks for a file's digest, size and place.
  func head(of path: String, repository: String, commit: String) async throws(RemoteError) -> FileHead {
    var url = fileURL(path, repository: repository, commit: commit)
    let subject = Subject(repository: repository, revision: commit, file: path)
    for _ in 0...RedirectPolicy.limit {
      let head = try await single(.head, url, HubHeaders(), subject, NoBody())
      let digest = ContentDigest(head.headers["X-Linked-Etag"]) ?? ContentDigest(head.headers["ETag"])
      let linkedBytes = head.headers["X-Linked-Size"].flatMap(Self.byteCount)
      if let actual = head.headers["X-Repo-Commit"], actual != commit {
        throw .changed(file: path, problem: "the server answers with commit \(actual) instead of \(commit)")
      }
      guard let location = head.location else {
        let bytes = linkedBytes ?? head.headers["Content-Length"].flatMap(Self.byteCount)
        return FileHead(digest: digest, bytes: bytes, location: url)
      }
      let target = try await redirect(from: url, to: location)
      // A redirect on the hub itself is that of a renamed repository; one that leaves it leads to the bytes.
      if !target.hasSameOrigin(as: url) {
        return FileHead(digest: digest, bytes: linkedBytes, location: target)
      }
      url = target
    }
    throw .redirect(from: url.origin, to: url.origin, problem: "there is no end to the redirects")
  }

  /// The address of a file.
  func fileURL(_ path: String, repository: String, commit: String) -> HubURL {
    apiURL("/\(repository)/resolve/\(commit)/\(HubURL.encoded(path, keepingSlashes: true))")
  }

  private func apiURL(_ target: String) -> HubURL {
    settings.endpoint.with(target: settings.endpoint.target + target)
  }

  private func document(_ url: HubURL, _ subject: Subject) async throws(RemoteError) -> (bytes: [UInt8], head: HubHead)
  {
    let body = BoundedBody(limit: ListingParser.byteLimit, url: url.description)
    let head = try await exchange(url, HubHeaders(), subject, to: body)
    return (body.bytes, head)
  }

  // MARK: Requests

  /// Sends a request and follows redirects; returns what the last answer began with.
  @discardableResult
  func exchange(
    _ url: HubURL, _ headers: HubHeaders, _ subject: Subject, to receiver: some HubReceiver
  ) async throws(RemoteError) -> HubHead {
    var url = url
    for _ in 0...RedirectPolicy.limit {
      let head = try await single(.get, url, headers, subject, receiver)
      guard let location = head.location else { return head }
      url = try await redirect(from: url, to: location)
    }
    throw .redirect(from: url.origin, to: url.origin, problem: "there is no end to the redirects")
  }

  private func redirect(from url: HubURL, to location: String) async throws(RemoteError) -> HubURL {
    guard let target = url.resolving(location) else {
      throw .redirect(from: url.origin, to: String(location.prefix(200)), problem: "this is no plain http address")
    }
    try await RedirectPolicy(endpoint: settings.endpoint).check(from: url, to: target) {
      (url) async throws(RemoteError) in try await transport.addresses(of: url)
    }
    return target
  }

  /// One request; failures become errors, redirects are returned.
  private func single(
    _ method: HubRequest.Method, _ url: HubURL, _ headers: HubHeaders, _ subject: Subject, _ receiver: some HubReceiver
  ) async throws(RemoteError) -> HubHead {
    var request = HubRequest(method, url, headers: headers)
    request.headers.add("User-Agent", "stoa")
    // Ranges and sizes are of the plain bytes, and nothing here unpacks what could be a bomb.
    request.headers.add("Accept-Encoding", "identity")
    let sentToken = settings.sendsToken(to: url)
    if sentToken, let token = settings.token { request.headers.add("Authorization", "Bearer " + token) }
    let gate = StatusGate(inner: receiver)
    try await transport.send(request, to: gate)
    guard let head = gate.head else {
      throw .network(host: url.host, problem: "the connection ended without an answer")
    }
    if (200..<300).contains(head.status) || head.location != nil { return head }
    throw failure(head, gate.problemBody, url, subject, sentToken: sentToken)
  }

  /// What a status other than success means (huggingface_hub, `hf_raise_for_status`: X-Error-Code, X-Error-Message).
  private func failure(
    _ head: HubHead, _ body: [UInt8], _ url: HubURL, _ subject: Subject, sentToken: Bool
  ) -> RemoteError {
    let message = (head.headers["X-Error-Message"] ?? ListingParser.message(body)).map { String($0.prefix(300)) }
    let isHub = url.hasSameOrigin(as: settings.endpoint)
    let repository = subject.repository
    switch head.status {
    case 429:
      return .rateLimited(
        host: url.host, seconds: RetryPolicy.askedDelay(head.headers), sentToken: sentToken)
    case 408, 425, 500...599: return .server(host: url.host, status: head.status, message: message)
    case 401 where isHub && message?.contains("Invalid credentials") == true:
      return .refused(url: url.origin, status: 401, message: message, sentToken: sentToken)
    default: break
    }
    if isHub, !repository.isEmpty {
      switch head.headers["X-Error-Code"] {
      case "GatedRepo": return .gated(repository: repository, page: settings.page(of: repository), sentToken: sentToken)
      case "RevisionNotFound":
        return .noRevision(repository: repository, revision: subject.revision ?? HubReference.defaultRevision)
      case "EntryNotFound": return .noFile(repository: repository, wanted: subject.file ?? "?", suggestions: [])
      case "RepoNotFound": return .noRepository(repository: repository, sentToken: sentToken)
      default: break
      }
      switch (head.status, subject.file) {
      case (404, let file?): return .noFile(repository: repository, wanted: file, suggestions: [])
      case (404, nil), (401, nil): return .noRepository(repository: repository, sentToken: sentToken)
      case (401, _), (403, _):
        return .gated(repository: repository, page: settings.page(of: repository), sentToken: sentToken)
      default: break
      }
    }
    return .refused(url: url.origin, status: head.status, message: message, sentToken: sentToken)
  }

  /// A number without sign in a header.
  static func byteCount(_ text: String) -> Int? {
    guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  /// The address in `Link: <…>; rel="next"` (RFC 8288).
  static func nextPage(_ head: HubHead) -> String? {
    guard let header = head.headers["Link"], header.utf8.count <= HubURL.byteLimit else { return nil }
    for link in header.split(separator: ",") where link.contains("rel=\"next\"") || link.contains("rel=next") {
      guard let open = link.firstIndex(of: "<"), let close = link.firstIndex(of: ">"), open < close else { continue }
      return String(link[link.index(after: open)..<close])
    }
    return nil
  }
}
